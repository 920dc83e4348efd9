import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { takeTokenFromFragment } from "../../session/token-in-fragment.js";
import { SessionGate } from "./session/session-gate.js";
import { Shell } from "./shell.js";
import { Shortcuts } from "./shortcuts.js";
import "./style/index.css";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no element #root");
const firstToken = takeTokenFromFragment() ?? null;
createRoot(root).render(
  <StrictMode>
    <SessionGate firstToken={firstToken}>
      <Shortcuts>
        <Shell />
      </Shortcuts>
    </SessionGate>
  </StrictMode>,
);
