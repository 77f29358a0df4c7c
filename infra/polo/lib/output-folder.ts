/**
 * The folder that synthesis writes its templates into.
 * Invariant: nothing is deleted but what an earlier synthesis wrote there, as its list of files says; a folder that holds
 * anything else is refused before anything is written, and a synthesis that fails leaves the folder as it was.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { SettingError } from './settings/setting-error.ts';

const APP_FOLDER = join(import.meta.dirname, '..');
const CHECKOUT = join(APP_FOLDER, '../..');
const LOCAL_STACK = 'cdk.out';

/** The files of a synthesis, as JSON. */
const LIST = '.synthesized.json';
/** What `cdk deploy` packs into the folder. */
const PACKED = /^\.cache\/[0-9a-f]{64}\.zip$/;
/** What `cdk` keeps in the folder while it works, or after. */
const CDK_OWN = /^(?:\.cache|\.hotswap-cache|synth\.lock|read\.\d+\.\d+\.lock|error\.txt|performance-counters\.json)(?:\/|$)/;

/** Has `synthesize` write into a folder of its own, and moves what it wrote into `out`. */
export function writeInto(out: string, synthesize: (folder: string) => void): void {
  const folder = orRefused(out, () => actual(out));
  rejectReserved(out, folder);
  orRefused(out, () => rejectForeign(out, folder));
  const fresh = orRefused(out, () => mkdtempSync(join(existing(dirname(folder)), `.${basename(folder)}-`)));
  try {
    synthesize(fresh);
    orRefused(out, () => replace(folder, fresh));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Where links lead to. */
function actual(out: string): string {
  if (out === '') throw wrong(out, 'name a folder, such as target/synth');
  const path = resolve(out);
  const there = existing(path);
  return join(realpathSync(there), path.slice(there.length));
}

/** The folder, or the nearest one above it that is there. */
function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path));
}

function rejectReserved(out: string, folder: string): void {
  const reserved = { [sep]: 'the root of the file system', [homedir()]: 'your home folder', [CHECKOUT]: 'the folder of Polo itself' };
  for (const [path, what] of Object.entries(reserved)) {
    if (existsSync(path) && realpathSync(path) === folder) throw wrong(out, `that is ${what}; name a folder for templates alone, such as target/synth`);
  }
  if (`${folder}${sep}`.startsWith(join(realpathSync(APP_FOLDER), LOCAL_STACK, sep))) {
    throw wrong(out, "that is the local stack's folder; name another, such as target/synth");
  }
}

function rejectForeign(out: string, folder: string): void {
  if (!existsSync(folder)) return;
  const list = listed(folder);
  const known = new Set(list && [...list, LIST]);
  for (const path of leaves(folder)) {
    if (!known.has(path) && !PACKED.test(path) && !CDK_OWN.test(path)) {
      throw wrong(out, `it holds ${JSON.stringify(path)}, which synthesis did not write; name a new or empty folder`);
    }
  }
}

/** The new list names old and new files until the last is in place: after a crash all of them are still known. */
function replace(folder: string, fresh: string): void {
  const written = [...leaves(fresh)];
  mkdirSync(folder, { recursive: true });
  const before = new Set(listed(folder));
  writeFileSync(join(folder, LIST), JSON.stringify([...before, ...written]));
  for (const path of [...leaves(folder)]) {
    if (before.has(path) || PACKED.test(path)) remove(folder, path);
  }
  for (const name of readdirSync(fresh)) move(join(fresh, name), join(folder, name));
  writeFileSync(join(folder, LIST), `${JSON.stringify(written, null, 2)}\n`);
}

/** With the folders that it leaves empty. */
function remove(folder: string, path: string): void {
  rmSync(join(folder, path), { recursive: true });
  for (let above = dirname(path); above !== '.' && readdirSync(join(folder, above)).length === 0; above = dirname(above)) rmdirSync(join(folder, above));
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    cpSync(from, to, { recursive: true });
  }
}

/** What the last synthesis wrote, if there was one. */
function listed(folder: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(readFileSync(join(folder, LIST), 'utf8'));
    return Array.isArray(list) && list.every((path) => typeof path === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** The paths of all files and empty folders. Links are not followed, so that every path is within the folder. */
function* leaves(folder: string, above = ''): Generator<string> {
  for (const entry of readdirSync(join(folder, above), { withFileTypes: true })) {
    const path = join(above, entry.name);
    const inner = entry.isDirectory() ? leaves(folder, path) : undefined;
    const first = inner?.next();
    yield first === undefined || first.done === true ? path : first.value;
    if (inner !== undefined) yield* inner;
  }
}

function wrong(out: string, fix: string): SettingError {
  return SettingError.wrong('the output folder (OUT)', out, fix);
}

/** What the file system refuses is one sentence. */
function orRefused<T>(out: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    throw new SettingError(wrong(out, `it cannot be used (${code}); name a folder that can be written`).message, { cause: error });
  }
}
