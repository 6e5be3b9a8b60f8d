// Takes the place of your company's identity provider: the library oidc-provider, with people who are made up. It is for
// trying only: everybody knows the passwords, and what it remembers ends with it.
//
// Usage: node provider.mjs LIBRARY CERTIFICATE KEY PORT SITE…
//   LIBRARY is the folder of the library, and each SITE is where the client is, such as https://localhost:8443.
// CLIENT_SECRET and PROGRAM_SECRET are the secrets of its two clients; SESSION_SECONDS is the time until a token expires.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { pathToFileURL } from 'node:url';

const [library, certificate, key, port, ...sites] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${library}/lib/index.js`));
const { CLIENT_SECRET, PROGRAM_SECRET, SESSION_SECONDS = '300' } = process.env;
const seconds = Number(SESSION_SECONDS);
const issuer = `https://localhost:${port}`;

// The name, the password, and the groups.
const people = new Map([
  ['alice', { password: 'alice-for-trying', groups: ['team-a'] }],
  ['bob', { password: 'bob-for-trying', groups: ['team-b'] }],
  ['carol', { password: 'carol-for-trying', groups: ['team-a', 'team-b', 'operators'] }],
  ['dave', { password: 'dave-for-trying', groups: [] }],
]);

// The audience of tokens for programs, as Envoy's file has it.
const audience = 'promward';
const resource = `${issuer}/${audience}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'promward',
      client_secret: CLIENT_SECRET,
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: sites.map((site) => `${site}/oauth2/callback`),
      post_logout_redirect_uris: sites.map((site) => `${site}/`),
    },
    {
      client_id: 'reporter',
      client_secret: PROGRAM_SECRET,
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: [],
      response_types: [],
    },
  ],
  scopes: ['openid', 'groups'],
  claims: { openid: ['sub'], groups: ['groups'] },
  // The groups are in the token itself, and not only where one asks with it.
  conformIdTokenClaims: false,
  findAccount: (_, name) => people.has(name) && {
    accountId: name,
    claims: () => ({ sub: name, groups: people.get(name).groups }),
  },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    rpInitiatedLogout: {
      logoutSource: (context, form) => page(context, 'Log out', `${form}<button form="op.logoutForm" name="logout" value="yes">Log out</button>`),
      postLogoutSuccessSource: (context) => page(context, 'Logged out', ''),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_, client) => (client.clientId === 'reporter' ? resource : undefined),
      getResourceServerInfo: () => ({ scope: 'groups', audience, accessTokenFormat: 'jwt', accessTokenTTL: seconds }),
      useGrantedResource: () => true,
    },
  },
  // What a program's token says of its groups.
  extraTokenClaims: (_, token) => (token.kind === 'ClientCredentials' ? { groups: ['team-a'] } : undefined),
  // A page asks for several things at once, and Envoy renews its session for each of them with the same token.
  issueRefreshToken: () => true,
  rotateRefreshToken: false,
  ttl: { AccessToken: seconds, IdToken: seconds, ClientCredentials: seconds, Grant: 86_400, Session: 86_400, RefreshToken: 86_400, Interaction: 600 },
  cookies: { keys: [createHash('sha256').update(CLIENT_SECRET).digest('hex')] },
  // Nobody has to agree to what the company's own client is told.
  loadExistingGrant: async (context) => {
    const grant = new context.oidc.provider.Grant({ accountId: context.oidc.session.accountId, clientId: context.oidc.client.clientId });
    grant.addOIDCScope('openid groups');
    await grant.save();
    return grant;
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
});

provider.use(async (context, next) => {
  if (!context.path.startsWith('/interaction/')) return next();
  const form = context.method === 'POST' ? new URLSearchParams(await body(context.req)) : new URLSearchParams();
  const name = form.get('name') ?? '';
  if (context.method === 'POST' && people.get(name)?.password === form.get('password')) {
    await provider.interactionFinished(context.req, context.res, { login: { accountId: name } });
    context.respond = false;
    return;
  }
  await provider.interactionDetails(context.req, context.res);
  page(context, 'Log in', `${form.has('name') ? '<p>This is not right.</p>' : ''}<form method="post">
    <input name="name" placeholder="Name" autocomplete="username" autofocus>
    <input name="password" type="password" placeholder="Password" autocomplete="current-password">
    <button>Log in</button></form>`);
});
for (const event of ['grant.success', 'grant.error', 'end_session.success']) {
  provider.on(event, (context, error) => console.log(`${event} ${context.oidc?.params?.grant_type ?? ''} ${error?.message ?? ''}`.trim()));
}
provider.on('server_error', (_, error) => console.error(error));

createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, provider.callback()).listen(Number(port), '127.0.0.1', () => {
  console.log(`ready: ${issuer}`);
});

function page(context, title, content) {
  context.type = 'html';
  context.body = `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${content}</html>`;
}

async function body(request) {
  let text = '';
  for await (const piece of request) {
    text += piece;
    if (text.length > 10_000) throw new Error('this form is too long');
  }
  return text;
}
