// A strict OpenID provider for tests, on the loopback interface alone: `node provider.mjs < settings.json`.
//
// Settings: { port, clients: [...] as in OpenID Connect Dynamic Client Registration }. Tests say the rest over HTTP:
// - PUT /test/users/NAME with somebody's claims; their password is "NAME's password", and their code 123456
// - POST /test/keys for a new signing key; POST /test/hours to make every login there an hour older
// - GET /test/asked for what came to which endpoint
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';

import { Provider, interactionPolicy } from 'oidc-provider';

import { page } from './pages.mjs';

const { port, clients } = JSON.parse(readFileSync(0, 'utf-8'));
const issuer = `http://127.0.0.1:${port}`;
const WITH_CODE = 'urn:test:code';
const PASSWORD_ALONE = 'urn:test:password';
const users = new Map();
const sessions = new Set();
const asked = [];
let keys = [newKey()];
let provider = newProvider();

function newKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'ES256' };
}

function newProvider() {
  const made = new Provider(issuer, {
    clients,
    jwks: { keys },
    clientAuthMethods: ['private_key_jwt'],
    clientDefaults: { token_endpoint_auth_method: 'private_key_jwt', id_token_signed_response_alg: 'ES256' },
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256'],
      idTokenSigningAlgValues: ['ES256'],
    },
    pkce: { required: () => true },
    responseTypes: ['code'],
    acrValues: [PASSWORD_ALONE, WITH_CODE],
    claims: {
      acr: null, auth_time: null, iss: null, sid: null,
      openid: ['sub'],
      profile: ['name', 'locale'],
      email: ['email', 'email_verified'],
      portal: ['customer_number', 'roles'],
    },
    scopes: ['openid'],
    features: {
      devInteractions: { enabled: false },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: askToLogOut, postLogoutSuccessSource: loggedOut },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}`, policy: policy() },
    // It asks nobody on its own machine, and that is where the portal is in tests.
    fetch: (url, { dispatcher: _guarded, ...options }) => fetch(url, options),
    cookies: { keys: ['for tests'] },
    ttl: { Session: 3600, Grant: 3600, Interaction: 600, AccessToken: 60, IdToken: 300 },
    findAccount,
    renderError: (ctx, out) => { ctx.body = page('Error', `<p>${out.error}: ${out.error_description ?? ''}</p>`); },
  });
  made.on('session.saved', ({ uid }) => sessions.add(uid));
  // What a client does wrong is the client's to tell; this is what no test means to bring about.
  for (const fault of ['server_error', 'backchannel.error']) {
    made.on(fault, (...told) => {
      const [error] = told.filter((what) => what instanceof Error);
      console.error(fault, error?.message, error?.error_detail, error?.cause?.cause?.message);
    });
  }
  return made;
}

// Who is asked for with a code, and has shown none yet, logs in again.
function policy() {
  const prompts = interactionPolicy.base();
  const tooWeak = (ctx) => wantsCode(ctx.oidc.params) && ctx.oidc.session.acr !== WITH_CODE;
  prompts.get('login').checks.add(new interactionPolicy.Check('code', 'a code is needed', tooWeak));
  return prompts;
}

function wantsCode(params) {
  return (params.acr_values ?? '').split(' ').includes(WITH_CODE);
}

async function findAccount(_ctx, sub) {
  return users.has(sub) ? { accountId: sub, claims: async () => ({ sub, ...users.get(sub) }) } : undefined;
}

function askToLogOut(ctx, form) {
  ctx.body = page('Log out', `${form}<p>Do you want to log out here as well?</p>
    <button form="op.logoutForm" name="logout" value="yes">Yes, log out</button>
    <button form="op.logoutForm">No, stay</button>`);
}

function loggedOut(ctx) {
  ctx.body = page('Logged out', '<p>You have logged out.</p>');
}

async function body(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function interact(request, response) {
  const { prompt, params, uid, session } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    const form = prompt.name === 'login' ? loginForm(params) : consentForm(params, session);
    return send(response, page(prompt.name === 'login' ? 'Log in' : 'Allow', form));
  }
  const sent = new URLSearchParams(await body(request));
  if (sent.has('cancel')) {
    const result = { error: 'access_denied', error_description: 'the person said no' };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  if (prompt.name === 'login') {
    const name = sent.get('login');
    const right = users.has(name) && sent.get('password') === `${name}'s password`;
    if (!right || (wantsCode(params) && sent.get('code') !== '123456')) {
      return send(response, page('Log in', `<p role="alert">Wrong login or password.</p>${loginForm(params)}`));
    }
    const login = { accountId: name, acr: wantsCode(params) ? WITH_CODE : PASSWORD_ALONE };
    return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

function loginForm(params) {
  return `<form method="post"><label>Login <input name="login" autofocus></label>
    <label>Password <input name="password" type="password"></label>
    ${wantsCode(params) ? '<label>Code <input name="code"></label>' : ''}
    <button>Log in</button> <button name="cancel" value="1">Cancel</button></form>`;
}

function consentForm(params, session) {
  return `<form method="post"><p>May ${params.client_id} know you as ${session.accountId}?</p>
    <button>Allow</button> <button name="cancel" value="1">Do not allow</button></form>`;
}

function send(response, html) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(html);
}

async function command(request, response) {
  const [, , what, name] = request.url.split('/');
  if (what === 'users' && request.method === 'PUT') users.set(decodeURIComponent(name), JSON.parse(await body(request)));
  if (what === 'keys' && request.method === 'POST') {
    keys = [newKey(), ...keys]; // the first one signs
    provider = newProvider();
  }
  if (what === 'hours' && request.method === 'POST') await growOld();
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(what === 'asked' ? asked : {}));
}

async function growOld() {
  for (const uid of sessions) {
    const session = await provider.Session.findByUid(uid);
    if (session) {
      session.loginTs -= 3600;
      await session.save(3600);
    }
  }
}

createServer(async (request, response) => {
  try {
    if (request.url.startsWith('/test/')) return await command(request, response);
    asked.push(`${request.method} ${request.url.split('?')[0]}`);
    if (request.url.startsWith('/interaction/')) return await interact(request, response);
    return provider.callback()(request, response);
  } catch (error) {
    response.writeHead(error.statusCode ?? 500).end(String(error.message));
  }
}).listen(port, '127.0.0.1');
