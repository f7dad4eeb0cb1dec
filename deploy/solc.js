#!/usr/bin/env node
// The pinned Solidity compiler of tests/tools behind solc's own command line, as far as forge and py-solc-x use it.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const solc = require(path.join(__dirname, "..", "tests", "tools", "node_modules", "solc"));

// process.stdout.write would be cut off at process.exit when the reader is a pipe.
function write(text) {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += fs.writeSync(1, bytes, offset);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

if (process.argv.includes("--version")) {
  write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (process.argv.includes("--standard-json")) {
  write(solc.compile(fs.readFileSync(0, "utf8")));
} else {
  fs.writeSync(2, "usage: solc.js --version | --standard-json < input.json\n");
  process.exit(1);
}
