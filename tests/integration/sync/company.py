"""Customers, agents, a bad line, dying workers and a clock, in any order, for Hypothesis."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from portal import clock
from portal.crm.port import ConsentStatus
from portal.sync.lease import claim
from portal.sync.resync import begin_resync, resync
from portal.sync.state import Wanted
from portal.sync.steer import pause, resume
from portal.sync.want import want
from tests.integration.sync.at_rest import AtRest
from tests.integration.sync.at_work import CUSTOMERS, LANGUAGES, NO_NUMBER, NUMBERS, OFFERS, TIERS, WHO, WORDS
from tests.integration.sync.remote_crm import Fault


class Company(AtRest):
    """What happens in it."""

    # What people do

    @rule(who=WHO, language=LANGUAGES)
    def customer_changes_a_preference(self, who: int, language: str) -> None:
        self.run(self._says(self.customers[who], "profile/language", language))

    @rule(who=WHO, word=WORDS)
    def customer_decides(self, who: int, word: ConsentStatus) -> None:
        self.run(self._decides(self.customers[who], word))

    @rule(who=WHO, tier=TIERS)
    def agent_edits_their_own_field(self, who: int, tier: str) -> None:
        self._edit(who, account_tier=tier)

    @rule(who=WHO, language=LANGUAGES)
    def agent_edits_a_shared_field(self, who: int, language: str) -> None:
        self._edit(who, language=language)

    @rule(who=WHO, word=WORDS)
    def agent_notes_a_consent(self, who: int, word: ConsentStatus) -> None:
        customer = self.customers[who]
        if customer not in self.crm.contacts:
            return
        self.crm.says(customer, *OFFERS, word)
        self.crm.overtaken.discard(customer)
        # Whoever puts back what both had agreed on has taken their own word back.
        if self.run(self._agreed(customer)) == word:
            self.crm_said.pop(customer, None)
        else:
            self.crm_said[customer] = word

    @rule(who=WHO, number=NUMBERS)
    def customer_corrects_a_number(self, who: int, number: str) -> None:
        self.run(self._corrects(self.customers[who], number))

    @rule(who=WHO)
    def customer_puts_the_last_contact_point_first(self, who: int) -> None:
        self.run(self._reorders(self.customers[who]))

    @rule(who=WHO, name=st.sampled_from(["Phone", "MobilePhone"]), number=st.one_of(NUMBERS, st.none()))
    def agent_corrects_a_number(self, who: int, name: str, number: str | None) -> None:
        if self.customers[who] in self.crm.contacts:
            self.crm.corrects(self.customers[who], name, number)

    @rule(who=WHO, what=st.sampled_from(["preference", "consent", "number"]), which=st.integers(0, 2))
    def both_change_the_same(self, who: int, what: str, which: int) -> None:
        match what:
            case "preference":
                self._edit(who, language=("fr", "de", "en")[which])
                self.customer_changes_a_preference(who, ("de", "en", "fr")[which])
            case "consent":
                self.agent_notes_a_consent(who, list(ConsentStatus)[which % 2])
                self.customer_decides(who, list(ConsentStatus)[1 - which % 2])
            case "number":
                self.agent_corrects_a_number(who, "Phone", f"+4420794601{which}0")
                self.customer_corrects_a_number(who, f"+4420794601{which}1")
        self.run(self._work(self.stage))

    @rule(who=WHO)
    def agent_writes_what_is_no_number(self, who: int) -> None:
        self.agent_corrects_a_number(who, "Phone", NO_NUMBER)

    @rule(who=WHO)
    def agent_deletes_a_contact(self, who: int) -> None:
        customer = self.customers[who]
        if customer in self.crm.contacts and customer not in self.away:
            self.away[customer] = self.crm.delete(customer)
            self.ever_away.add(customer)

    @rule(who=WHO)
    def agent_restores_a_contact(self, who: int) -> None:
        customer = self.customers[who]
        if (contact := self.away.get(customer)) and customer not in self.crm.contacts and customer not in self.erased:
            self.crm.restore(customer, contact)
            del self.away[customer]

    @rule(who=WHO, into=WHO)
    def agent_merges_two(self, who: int, into: int) -> None:
        away, left = self.customers[who], self.customers[into]
        if away != left and {away, left} <= self.crm.contacts.keys() and not {away, left} & self.away.keys():
            self.crm.merge(away, left)
            self.away[away] = None
            self.ever_away.add(away)
            self.happened("merged into another customer's contact")

    @rule(who=WHO)
    def customer_is_erased(self, who: int) -> None:
        if len(self.erased) < CUSTOMERS - 2:
            customer = self.customers[who]
            self.erased.add(customer)
            line = self.stage.line
            self.run(want(self.stores.staff.database, customer, Wanted.ERASED, actor="x", ahead=line.ahead))

    @rule(who=WHO, wanted=st.sampled_from([Wanted.RESTRICTED, Wanted.RECORD]))
    def processing_is_restricted_or_no_longer(self, who: int, wanted: Wanted) -> None:
        line = self.stage.line
        self.run(want(self.stores.staff.database, self.customers[who], wanted, actor="x", ahead=line.ahead))

    @rule(who=WHO, number=NUMBERS)
    def operator_pauses_and_resumes(self, who: int, number: str) -> None:
        line = self.stage.line
        self.run(pause(line.store.database, line.name, actor="operator", ahead=line.ahead))
        calls = self.crm.calls
        self.customer_corrects_a_number(who, number)
        self.run(self._work(self.stage))
        assert self.crm.calls == calls, "nobody calls a CRM that is paused"
        self.run(resume(line.store.database, line.name, actor="operator", ahead=line.ahead))

    # What happens to them

    @rule(who=WHO, language=LANGUAGES)
    def the_line_fails(self, who: int, language: str) -> None:
        self.crm.fail(self.customers[who], self.dice.choice(list(Fault)))
        self.customer_changes_a_preference(who, language)
        self.run(self._work(self.stage))

    @rule()
    def what_was_late_lands(self) -> None:
        self.crm.land()

    @rule()
    def the_crm_cannot_be_read(self) -> None:
        self.crm.deaf = ConnectionResetError()

    @rule()
    def the_crm_is_down_for_a_while(self) -> None:
        """Long enough for a breaker to open."""

        async def down() -> None:
            self.crm.broken = ConnectionResetError()
            for number in range(6):
                await self._says(self.customers[number % CUSTOMERS], "profile/call_me", f"Al {number}")
                await self._work(self.stage)
                await self._later(5)

        self.run(down())

    @rule()
    def the_crm_is_well_again(self) -> None:
        self.crm.deaf = self.crm.broken = None

    @rule(seconds=st.sampled_from([0.5, 3.0, 31.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(self._later(seconds))

    @rule(first=st.booleans())
    def a_worker_works(self, first: bool) -> None:
        self.run(self._work(self.stage if first else self.other))

    @rule()
    def a_worker_dies_with_what_it_has_claimed(self) -> None:
        self.customer_corrects_a_number(0, "+442079460022")
        if self.run(claim(self.stage.line, clock.uuid7())):
            self.happened("a worker died with what it had claimed")

    @rule()
    def a_worker_dies_with_its_call_under_way(self) -> None:
        self.crm.dies = self.dice.choice(["before it is written", "after it is written"])
        self.run(self._says(self.customers[1], "profile/call_me", f"Al {self.dice.random()}"))
        self.run(self._work(self.stage))

    @rule()
    def a_worker_is_overtaken_while_it_calls(self) -> None:
        async def overtaken() -> None:
            self.crm.meanwhile = self._overtake
            await self._says(self.customers[2], "profile/call_me", "Allie")
            await self._work(self.stage)
            self.crm.meanwhile = None

        self.run(overtaken())

    @rule()
    def everything_is_compared_anew(self) -> None:
        async def whole() -> None:
            line = self.stage.line
            await begin_resync(line.store.database, line.name, actor="operator", ahead=line.ahead)
            await resync(line)

        self.run(whole())

    @rule()
    def drift_is_looked_for(self) -> None:
        self.run(self._sweep())

    @invariant()
    def the_day_goes_on(self) -> None:
        """Hypothesis leaves some rules out of each run; without a worker at work there is nothing to see."""
        if not hasattr(self, "other"):
            return
        chance = self.dice.random()
        if chance < 0.4:
            self.run(self._work(self.stage if chance < 0.25 else self.other))
        elif chance < 0.55:
            self.run(self._later(2))
        elif chance < 0.61:
            self.the_line_fails(self.dice.randrange(CUSTOMERS), self.dice.choice(["en", "de", "fr"]))
        elif chance < 0.625:
            self.the_crm_is_down_for_a_while()
            self.the_crm_is_well_again()
        elif chance < 0.645:
            wanted = self.dice.choice([Wanted.RESTRICTED, Wanted.RECORD])
            self.processing_is_restricted_or_no_longer(self.dice.randrange(CUSTOMERS), wanted)

    @invariant()
    def a_timeline_has_each_change_once(self) -> None:
        for contact in self.crm.contacts.values():
            assert len(contact.timeline) == len(set(contact.timeline))
