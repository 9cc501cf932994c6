// Run pytest in CPython that is compiled to WebAssembly.
//
//     node run.mjs ENVIRONMENT PYTHON [arguments to pytest]
//
// ENVIRONMENT is the folder with the npm packages and the wheels, PYTHON a version such as 3.14.

import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const [environment, version, ...pytestArguments] = process.argv.slice(2);
const folder = path.resolve(environment);
const { loadPyodide } = createRequire(`${folder}/package.json`)(`python-${version}`);

const python = await loadPyodide({
  env: {
    HOME: "/tmp",
    HYPOTHESIS_STORAGE_DIRECTORY: "/tmp/hypothesis",
    PYTHONDONTWRITEBYTECODE: "1",
  },
});
python.mountNodeFS("/project", fileURLToPath(new URL("../..", import.meta.url)));
python.mountNodeFS("/wheels", `${folder}/wheels`);
python.FS.chdir("/project");
python.globals.set("arguments", python.toPy(pytestArguments));
try {
  process.exitCode = python.runPython(`
    import sys
    sys.path[:0] = ["/wheels", "/project/tests/wasm"]
    import lane
    lane.main(arguments)
  `);
} catch (error) {
  console.error(error.message); // Node's own report quotes a megabyte of compiled code
  process.exitCode = 1;
}
