// What pages do beyond links, forms and htmx. Without it everything still works; nothing is kept in the browser.

const live = "hx-sse\\:connect";
const notice = document.getElementById("notice");

// Focus. htmx gives it back by id and to [autofocus]; what is left is a swap that removed the focused element altogether.
let held = false;
document.addEventListener("htmx:before:swap", ({ detail }) => {
  held = detail.tasks.some(({ target }) => target instanceof Element && target.contains(document.activeElement));
});
document.addEventListener("htmx:after:swap", ({ detail }) => {
  const heading = held && document.activeElement === document.body && detail.ctx.sourceElement?.querySelector?.("h1, h2");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  titled();
  tick();
});

// "Error: " stands before the title while something typed is wrong, as it does on a page that came whole.
function titled() {
  const prefix = `${document.body.dataset.error} `;
  const title = document.title.startsWith(prefix) ? document.title.slice(prefix.length) : document.title;
  document.title = document.querySelector(".problems") ? prefix + title : title;
}

// A field says what is wrong when it is left, never while somebody types.
document.addEventListener("change", ({ target }) => { if (target.dataset) target.dataset.changed = ""; });
// Words that come or go move the button below; so while one is being pressed they wait until it has been.
let pressed = Promise.resolve();
document.addEventListener("pointerdown", () => {
  pressed = new Promise((done) => {
    for (const end of ["click", "pointercancel"]) document.addEventListener(end, () => setTimeout(done), { once: true });
  });
}, true);
document.addEventListener("focusout", async ({ target }) => {
  if (!target.willValidate || !("changed" in target.dataset)) return;
  await pressed;
  if (target.isConnected) told(target);
});
function told(input) {
  const box = input.closest(".field");
  const words = input.validity.valueMissing ? input.dataset.missing : input.validity.valid ? "" : input.dataset.wrong;
  if (!box || words === undefined) return;
  const id = `${input.id}-error`;
  let line = document.getElementById(id);
  if (words && !line) {
    line = Object.assign(document.createElement("p"), { id, className: "error" });
    input.before(line);
  }
  if (line) words ? (line.textContent = words) : line.remove();
  box.toggleAttribute("data-wrong", Boolean(words));
  words ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
  const others = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((other) => other && other !== id);
  if (words) others.push(id);
  others.length ? input.setAttribute("aria-describedby", others.join(" ")) : input.removeAttribute("aria-describedby");
}

// Once something in a form is changed, live updates leave the form alone.
document.addEventListener("input", ({ target }) => {
  const form = target.closest("form[hx-post]");
  form?.setAttribute("data-dirty", "");
  form?.setAttribute("hx-morph-skip", "");
});
document.addEventListener("reset", ({ target }) => {
  target.removeAttribute("data-dirty");
  target.removeAttribute("hx-morph-skip");
});

// The code of an invitation comes behind the # of its link, which no server is sent. It leaves the address at once.
const code = document.querySelector("[data-from-fragment]");
if (code && location.hash.length > 1) {
  code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}

// Copying what is shown once.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = button.dataset.copied;
});

// "/" goes to the search, unless somebody is writing.
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-shortcut='/']");
  if (event.key === "Escape") closeMenus();
  if (event.key !== "/" || !search || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  search.focus();
  search.select();
});

// Menus close when one looks elsewhere.
document.addEventListener("click", ({ target }) => closeMenus(target.closest(".menu")));
function closeMenus(but) {
  for (const menu of document.querySelectorAll(".menu[open]")) if (menu !== but) menu.open = false;
}

// When no answer comes back, or one that is not ours (a proxy's), the page says so and keeps what was typed: our own errors
// say where they belong. What the page asks for by itself is not worth a word.
const byItself = `[${live}], [hx-trigger*="#live"], [hx-trigger^="every"], [hx-trigger^="load"]`;
const asked = (ctx) => ctx && !ctx.sourceElement?.matches(byItself);
const ours = ({ response, hx }) => response.status < 400 || [409, 422].includes(response.status) || hx?.retarget;
function unanswered() {
  notice.replaceChildren(document.getElementById("no-answer").content.cloneNode(true));
}
document.addEventListener("htmx:error", ({ detail }) => { if (asked(detail.ctx)) unanswered(); });
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ours(ctx)) return;
  event.preventDefault();
  if (asked(ctx)) unanswered();
});
document.addEventListener("htmx:before:request", ({ detail }) => { if (asked(detail.ctx)) notice.replaceChildren(); });

// Logged out: what was sent is kept, and the page goes to the login. It stays if something else on it would be lost, and
// what it asks for by itself leads nobody away; then the answer's words say where to log in.
const unsaved = (but) => [...document.querySelectorAll("form[data-dirty]")].some((form) => !form.contains(but));
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (ctx.response.status === 401 && (!asked(ctx) || unsaved(ctx.sourceElement))) delete ctx.hx.redirect;
  // A switch that was not saved is put back.
  const { sourceElement: source, response } = ctx;
  if (source?.matches("[role=switch]") && response.status >= 400 && ![409, 422].includes(response.status)) source.checked = !source.checked;
  // Logged in again since the page came: its forms are good once more.
  const token = ctx.response.headers.get("form-token");
  if (token) for (const input of document.querySelectorAll("[name=form_token]")) input.value = token;
});
document.addEventListener("logged-out", () => { if (!unsaved(null)) location.reload(); });

// A save can reach the CRM before its own answer is back and shown: then the page looks once more.
let under_way = 0;
let overtaken = false;
document.addEventListener("htmx:before:request", ({ detail }) => { if (asked(detail.ctx)) under_way += 1; });
document.addEventListener("changed", () => { overtaken ||= under_way > 0; });
document.addEventListener("htmx:finally:request", ({ detail }) => {
  if (asked(detail.ctx)) under_way -= 1;
  if (under_way || !overtaken) return;
  overtaken = false;
  htmx.trigger("#live", "changed");
});
// And as long as something is not where it is to be, it looks now and then: a CRM that is paused, or does not answer, tells nobody.
setInterval(() => {
  if (!document.hidden && document.querySelector(".where:not(.done)")) htmx.trigger("#live", "changed");
}, 10_000);

// Times: "5 seconds ago" stays true, and so does the mark that says where the week is now.
const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
const steps = [["second", 60], ["minute", 60], ["hour", 24], ["day", Infinity]];
function tick() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    let amount = (new Date(time.dateTime) - Date.now()) / 1000;
    for (const [unit, size] of steps) {
      if (Math.abs(amount) < size) {
        time.textContent = ago.format(Math.round(amount) || -1, unit);
        break;
      }
      amount /= size;
    }
  }
  for (const mark of document.querySelectorAll(".now[data-zone]")) {
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: mark.dataset.zone, hour: "2-digit", minute: "2-digit" });
    const [hours, minutes] = clock.format().split(":").map(Number);
    for (const end of ["x1", "x2"]) mark.setAttribute(end, `${((hours * 60 + minutes) / 14.4).toFixed(3)}%`);
  }
}
setInterval(tick, 15_000);
tick();
