import { TOKEN_ACCESS } from "./attacked-server.js";
import { attackFamily } from "./family.js";
import { NAMED, TOKEN_ATTACKS } from "./token-attacks.js";

attackFamily("tokens under a secret", TOKEN_ATTACKS, {
  settings: { access: { ...TOKEN_ACCESS, issuer: NAMED.iss, audience: NAMED.aud } },
});
