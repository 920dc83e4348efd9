import { type Framing, STREAM_HEADERS } from "./framing.js";
import { endError } from "./stream-errors.js";

const BOUNDARY = "graphql";
const DELIMITER = `\r\n--${BOUNDARY}`;

/**
 * Apollo's protocol for subscriptions over HTTP (`subscriptionSpec=1.0`). A part is read once the delimiter behind it has come, so
 * each part brings it along.
 */
export const MULTIPART: Framing = {
  transport: "multipart",
  headers: {
    ...STREAM_HEADERS,
    "content-type": `multipart/mixed;boundary="${BOUNDARY}";subscriptionSpec=1.0`,
  },
  begin: DELIMITER,
  message: (text) => part(`{"payload":${text}}`),
  keepAlive: () => part("{}"),
  end: (why) =>
    `${why === undefined ? "" : part(JSON.stringify({ payload: null, errors: [endError(why)] }))}--\r\n`,
};

function part(json: string): string {
  return `\r\ncontent-type: application/json\r\n\r\n${json}${DELIMITER}`;
}
