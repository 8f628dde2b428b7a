// The client of @modelcontextprotocol/sdk v1.
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { run } from './person.mjs';

await run({
  Client,
  Transport: StreamableHTTPClientTransport,
  UnauthorizedError,
  options: {},
  finish: (transport, answer) => transport.finishAuth(answer.get('code')),
});
