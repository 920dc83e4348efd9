import { createServer } from "node:http";

// The limit of what an answer of this size costs with node:http: the request's body is read and ignored, the answer is
// there before anybody asks.

const body = Buffer.alloc(Number(process.env.BODY_BYTES), '{"data":"contributions"} ');
createServer((request, response) => {
  request.resume();
  request.once("end", () => {
    response.writeHead(200, {
      "content-type": "application/json; charset=utf-8",
      "content-length": body.length,
    });
    response.end(body);
  });
}).listen(Number(process.env.PORT), "127.0.0.1");
