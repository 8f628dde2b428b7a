// The foreign authorization server of the interop tests: oidc-provider on a
// random loopback port, with its own development pages for signing in and
// consent. It issues JWT access tokens (RFC 9068) for whatever resource a client
// names (RFC 8707), registers clients by itself (RFC 7591), and demands PKCE.
// FORMAT is jwt or opaque. With SECRET the client resource-server may introspect
// every token. SIGUSR2 makes the server unreachable, and reachable again, at its
// address.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

// scopes are those that every resource has.
const scopes = 'mcp:read mcp:list mcp:more notes:write unrelated';
const tokenLifetime = 10 * 60; // seconds

const { FORMAT: accessTokenFormat = 'jwt', SECRET: secret } = process.env;

/** resourceServer is the one client that is known from the start: it asks about tokens and gets none. */
function resourceServer() {
  if (!secret) return [];
  return [{ client_id: 'resource-server', client_secret: secret, redirect_uris: [], response_types: [], grant_types: [] }];
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: 'interop', alg: 'RS256', use: 'sig' };
}

function configuration() {
  return {
    cookies: { keys: [randomBytes(32).toString('hex')] },
    jwks: { keys: [signingKey()] },
    clients: resourceServer(),
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access'],
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
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
          ...(accessTokenFormat === 'jwt' && { jwt: { sign: { alg: 'RS256' } } }),
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
