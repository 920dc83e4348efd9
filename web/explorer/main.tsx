import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./explorer.css";
import { createRoot } from "react-dom/client";
import { askOpenerForToken } from "../session/token-handover.js";
import { takeTokenFromFragment } from "../session/token-in-fragment.js";
import { Explorer } from "./explorer.js";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no element #root");
const given = takeTokenFromFragment() ?? (await askOpenerForToken());
createRoot(root).render(<Explorer given={given} />);
