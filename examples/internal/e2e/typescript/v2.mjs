// The client of @modelcontextprotocol/client v2. It speaks the newest version that
// the server has.
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import { run } from './person.mjs';

await run({
  Client,
  Transport: StreamableHTTPClientTransport,
  UnauthorizedError,
  options: { versionNegotiation: { mode: 'auto' } },
  finish: (transport, answer) => transport.finishAuth(answer),
});
