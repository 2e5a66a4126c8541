// A provider of OpenID Connect that is not ours, on loopback: PORT, REDIRECT, and the client's SECRET come from outside.
import { Provider } from "oidc-provider";

const { PORT, REDIRECT, SECRET } = process.env;
const groups = { ada: ["staff", "net-ops"], eve: ["strangers"] };
const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  clients: [{ client_id: "freehold", client_secret: SECRET, redirect_uris: [REDIRECT] }],
  claims: { openid: ["sub", "groups"], profile: ["preferred_username"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, groups: groups[id] }),
  }),
});
provider.listen(Number(PORT), "127.0.0.1", () => console.log("listening"));
