import type { ConfigChange } from "../service/live/config-change.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";
import type { Answer, StreamedAnswer } from "./answer.js";
import { configData } from "./config-data.js";
import { provenanceOf } from "./provenance.js";
import type { RestRequest } from "./route.js";

/** Follows one config: first all of it, then a message for each change of what the account sees. */
export async function streamConfig(request: RestRequest): Promise<Answer> {
  const { context, target, headers, provenance } = request;
  const ending = new AbortController();
  const changes = await context.live.subscribe({
    principal: context.principal,
    accountId: target.accountId,
    configIds: [target.configId],
    since: headers["last-event-id"]?.toString() || undefined,
    // The client's next `Last-Event-ID` is to be one that is still held.
    bookmarks: true,
    signal: ending.signal,
  });
  return { status: 200, stream: { messages: messagesOf(changes, provenance), stop: () => ending.abort() } };
}

async function* messagesOf(
  changes: AsyncIterable<ConfigChange>,
  provenance: boolean,
): StreamedAnswer["messages"] {
  for await (const change of changes) {
    const { cursor, config } = change;
    yield config === undefined ? { cursor } : { cursor, content: contentOf(change, config, provenance) };
  }
}

function contentOf(change: ConfigChange, config: ConfigSnapshot, provenance: boolean) {
  const { cursor, snapshot, reset, changes, movedLayers } = change;
  return {
    data: configData(config),
    ...(provenance && { provenance: provenanceOf(config) }),
    cursor,
    snapshot,
    reset,
    changes: changes.map(({ pointer, before, after, sourceBefore, sourceAfter }) => ({
      pointer,
      ...(before !== undefined && { before, source_before: sourceBefore }),
      ...(after !== undefined && { after, source_after: sourceAfter }),
    })),
    moved_layers: movedLayers,
  };
}
