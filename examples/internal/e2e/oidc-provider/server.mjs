// The foreign authorization server of the interop tests: oidc-provider on a
// random loopback port, with its own development pages for signing in and
// consent. It issues JWT access tokens (RFC 9068) for whatever resource a client
// names (RFC 8707), registers clients by itself (RFC 7591), knows others by their
// Client ID Metadata Document, and demands PKCE. ALG is the algorithm of its
// tokens, RS256 or ES256; FORMAT is jwt or opaque. Documents of client.example are
// fetched from DOCUMENTS, which stands in for the web.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

// scopes are those that every resource has.
const scopes = 'mcp:read mcp:list mcp:more notes:write unrelated';
const tokenLifetime = 10 * 60; // seconds

const { ALG: alg = 'RS256', FORMAT: accessTokenFormat = 'jwt', DOCUMENTS: documents } = process.env;

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
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  server.on('request', new Provider(issuer, configuration()).callback());
  console.log(`listening on ${issuer}/`);
});

process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
