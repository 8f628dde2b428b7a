// The client of @modelcontextprotocol/sdk v1. It doesn't ask for refresh tokens:
// with one, v1 refreshes where it should step up.
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { run } from './person.mjs';

await run({
  Client,
  Transport: StreamableHTTPClientTransport,
  UnauthorizedError,
  options: {},
  grantTypes: ['authorization_code'],
  finish: (transport, answer) => transport.finishAuth(answer.get('code')),
});
