// What both clients have in common: a person's OAuth client that keeps
// everything in memory, and calls that step up. Where a browser must go is
// printed in a line "authorize: URL"; what tools answer, in lines "text: ...".
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
function provider(redirectUrl, grantTypes, nextAnswer) {
  const kept = {};
  return {
    kept,
    redirectUrl,
    clientMetadata: {
      client_name: 'interop client',
      redirect_uris: [redirectUrl],
      grant_types: grantTypes,
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
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
export async function run({ Client, Transport, UnauthorizedError, options, grantTypes, finish }) {
  const endpoint = new URL(process.argv[2]);
  const at = await home();
  const person = provider(at.url, grantTypes, at.next);
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
  await client.close();
  at.close();
}
