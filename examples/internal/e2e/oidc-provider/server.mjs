// The foreign authorization server of the interop tests: oidc-provider on a
// random loopback port, with its own development pages for signing in and
// consent. It issues JWT access tokens (RFC 9068) for whatever resource a client
// names (RFC 8707), registers clients by itself (RFC 7591), and demands PKCE.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

// scopes are those that every resource has.
const scopes = 'mcp:read mcp:list mcp:more notes:write unrelated';
const tokenLifetime = 10 * 60; // seconds

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: 'interop', alg: 'RS256', use: 'sig' };
}

function configuration() {
  return {
    cookies: { keys: [randomBytes(32).toString('hex')] },
    jwks: { keys: [signingKey()] },
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access'],
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => ({
          audience: resource,
          scope: scopes,
          accessTokenFormat: 'jwt',
          accessTokenTTL: tokenLifetime,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  };
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  server.on('request', new Provider(issuer, configuration()).callback());
  console.log(`listening on ${issuer}/`);
});

process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
