#!/usr/bin/env node
import { runCli } from "./cli/run-cli.js";

const code = await runCli(process.argv.slice(2), process);
// A server that goes on running sets its own exit code.
if (code !== 0) process.exitCode = code;
