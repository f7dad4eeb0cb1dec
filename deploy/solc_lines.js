#!/usr/bin/env node
// The pinned Solidity compiler kept warm: one standard-JSON input a line, one output a line.
"use strict";
const path = require("node:path");
const readline = require("node:readline");
const solc = require(path.join(__dirname, "..", "tests", "tools", "node_modules", "solc"));

readline.createInterface({ input: process.stdin }).on("line", (line) => process.stdout.write(solc.compile(line) + "\n"));
