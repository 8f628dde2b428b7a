// The foreign authorization server of the interop tests: oidc-provider on a
// random loopback port, with its own development pages for signing in and
// consent. It issues JWT access tokens (RFC 9068) for whatever resource a client
// names (RFC 8707), registers clients by itself (RFC 7591), knows others by their
// Client ID Metadata Document, and demands PKCE. ALG is the algorithm of its
// tokens, RS256 or ES256; FORMAT is jwt or opaque. Documents of client.example are
// fetched from DOCUMENTS, which stands in for the web. With SECRET the client
// resource-server may introspect every token. SIGUSR2 makes the server
// unreachable, and reachable again, at its address.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

// scopes are those that every resource has.
const scopes = 'mcp:read mcp:list mcp:more notes:write unrelated';
const tokenLifetime = 10 * 60; // seconds

const { ALG: alg = 'RS256', FORMAT: accessTokenFormat = 'jwt', DOCUMENTS: documents, SECRET: secret } = process.env;

/** resourceServer is the one client that is known from the start: it asks about tokens and gets none. */
function resourceServer() {
  if (!secret) return [];
  return [{ client_id: 'resource-server', client_secret: secret, redirect_uris: [], response_types: [], grant_types: [] }];
}

/** signingKeys has a key for each algorithm: ID tokens are signed with RS256 whatever ALG is. */
function signingKeys() {
  const key = ({ privateKey }, of) => ({ ...privateKey.export({ format: 'jwk' }), kid: `interop-${of}`, alg: of, use: 'sig' });
  return [
    key(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'),
    key(generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'),
  ];
}

/** fetchDocument gets what https://client.example/ would serve from DOCUMENTS. */
function fetchDocument(url, { headers, redirect }) {
  const { origin, pathname } = new URL(url);
  if (!documents || origin !== 'https://client.example') throw new Error(`nothing is fetched from ${origin}`);
  return fetch(new URL(pathname, documents), { headers, redirect });
}

function configuration() {
  return {
    cookies: { keys: [randomBytes(32).toString('hex')] },
    jwks: { keys: signingKeys() },
    clients: resourceServer(),
    fetch: fetchDocument,
    // The TypeScript SDKs register with the scope of their first challenge. Held to
    // it, they could never step up; here a registration limits nobody (RFC 7591 §2).
    extraClientMetadata: {
      properties: ['unlimited'],
      validator: (_ctx, _name, _value, metadata) => void delete metadata.scope,
    },
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access', ...scopes.split(' ')],
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      clientIdMetadataDocument: { enabled: Boolean(documents), ack: 'draft-02' },
      introspection: { enabled: Boolean(secret), allowedPolicy: (_ctx, client) => client.clientId === 'resource-server' },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => client.clientId === 'resource-server' || client.clientId === token.clientId,
      },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => ({
          audience: resource,
          scope: scopes,
          accessTokenFormat,
          accessTokenTTL: tokenLifetime,
          ...(accessTokenFormat === 'jwt' && { jwt: { sign: { alg } } }),
        }),
      },
    },
  };
}

const server = createServer();
let address;
server.once('listening', () => {
  address = server.address();
  const issuer = `http://127.0.0.1:${address.port}`;
  server.on('request', new Provider(issuer, configuration()).callback());
  console.log(`listening on ${issuer}/`);
});
server.listen(0, '127.0.0.1');

let awake; // Without a listener nothing else would keep the process.
process.on('SIGUSR2', () => {
  if (!server.listening) {
    clearInterval(awake);
    server.listen(address.port, '127.0.0.1');
    return;
  }
  awake = setInterval(() => {}, 60_000);
  server.close();
  server.closeAllConnections();
});

process.on('SIGTERM', () => {
  clearInterval(awake);
  server.close();
  server.closeAllConnections();
});
