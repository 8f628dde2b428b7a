// What both clients have in common: a person's OAuth client that keeps
// everything in memory, and calls that step up. Where a browser must go is
// printed in a line "authorize: URL"; what tools answer, in lines "text: ...".
//
// node SCRIPT ENDPOINT [refresh] [document=URL]: with "refresh" the client asks for
// refresh tokens, and in the end loses its access token, which then must be
// refreshed; with "document" it doesn't register, but is known by that document.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

/** home is where the browser brings the authorization server's answers. */
async function home() {
  const waiting = [];
  const server = createServer((request, response) => {
    const answer = new URL(request.url, 'http://127.0.0.1').searchParams;
    response.end('done', () => waiting.shift()?.(answer));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/callback`,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** provider is the OAuthClientProvider of both SDKs. */
function provider(redirectUrl, { grantTypes, document }, nextAnswer) {
  const kept = {};
  return {
    kept,
    redirectUrl,
    clientMetadataUrl: document,
    clientMetadata: {
      client_name: 'interop client',
      redirect_uris: [redirectUrl],
      grant_types: grantTypes,
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
    state: () => (kept.state = randomBytes(16).toString('hex')),
    clientInformation: () => kept.client,
    saveClientInformation: (client) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => void (kept.tokens = tokens),
    saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
    codeVerifier: () => kept.verifier,
    redirectToAuthorization(url) {
      kept.answer = nextAnswer();
      console.log(`authorize: ${url}`);
    },
  };
}

/**
 * run connects, and calls tools that need one scope more in the middle.
 * finish hands the authorization server's answer to the SDK.
 */
export async function run({ Client, Transport, UnauthorizedError, options, finish }) {
  const endpoint = new URL(process.argv[2]);
  const refresh = process.argv.includes('refresh');
  const document = process.argv.find((word) => word.startsWith('document='))?.slice('document='.length);
  const grantTypes = refresh ? ['authorization_code', 'refresh_token'] : ['authorization_code'];
  const at = await home();
  const person = provider(at.url, { grantTypes, document }, at.next);
  const client = new Client({ name: 'interop client', version: '1.0.0' }, options);
  let transport;

  async function authorized(what) {
    try {
      return await what();
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      const answer = await person.kept.answer;
      if (answer.get('state') !== person.kept.state) throw new Error('the answer has another state');
      await finish(transport, answer);
      return what();
    }
  }
  const call = async (name, args) => {
    const result = await authorized(() => client.callTool({ name, arguments: args }));
    console.log(`text: ${result.content[0].text}`);
  };

  await authorized(() => {
    transport = new Transport(endpoint, { authProvider: person });
    return client.connect(transport);
  });
  await call('get_weather', { city: 'Oslo' });
  await call('purge', {});
  await call('get_weather', { city: 'Rome' });
  if (refresh) {
    person.kept.tokens = { ...person.kept.tokens, access_token: 'lost' };
    await call('get_weather', { city: 'Bergen' });
  }
  await client.close();
  at.close();
}
