/** The folder of the templates: what is replaced in it, what is refused, and that nothing else is ever deleted. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { writeInto } from '../lib/output-folder.ts';
import { SettingError } from '../lib/settings/setting-error.ts';
import { failsWith } from './support/failure.ts';

const CHECKOUT = join(import.meta.dirname, '../../..');
const LIST = '.synthesized.json';

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'polo output '));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A synthesis that writes these files. */
function files(...paths: string[]): (folder: string) => void {
  return (folder) => {
    for (const path of paths) put(folder, path);
  };
}

function put(folder: string, path: string, content = path): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function content(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
}

const refused = (out: string, fix: string): void =>
  failsWith(() => writeInto(out, () => assert.fail('synthesized')), `the output folder (OUT) is ${JSON.stringify(out)}: ${fix}`);

test('a folder is made, whatever blanks and folders are missing in its path', (t) => {
  const parent = place(t);
  const out = join(parent, 'a b/c');
  writeInto(out, files('manifest.json', 'member-roles/x.json'));
  assert.deepEqual(content(parent), [`a b/c/${LIST}`, 'a b/c/manifest.json', 'a b/c/member-roles/x.json']);
});

test('a second synthesis removes the files of the first, and no more', (t) => {
  const out = place(t);
  writeInto(out, files('manifest.json', 'a.json', 'asset.1/bootstrap', 'member-roles/a.json'));
  mkdirSync(join(out, '.cache'));
  const packed = `.cache/${'0a'.repeat(32)}.zip`;
  for (const path of [packed, '.cache/other', 'read.1.1.lock', 'synth.lock']) put(out, path);
  writeInto(out, files('manifest.json', 'b.json'));
  assert.deepEqual(content(out), ['.cache/other', LIST, 'b.json', 'manifest.json', 'read.1.1.lock', 'synth.lock']);
  assert.ok(!existsSync(join(out, 'asset.1')) && !existsSync(join(out, 'member-roles')));
});

test('a failed synthesis leaves the folder as it was, and nothing beside it', (t) => {
  const parent = place(t);
  const out = join(parent, 'out');
  const failing = (folder: string): void => {
    files('half.json')(folder);
    throw new SettingError('wrong');
  };
  failsWith(() => writeInto(out, failing), 'wrong');
  assert.deepEqual(readdirSync(parent), []);
  writeInto(out, files('manifest.json', 'a.json'));
  const before = content(parent);
  failsWith(() => writeInto(out, failing), 'wrong');
  assert.deepEqual(content(parent), before);
});

const FOREIGN: readonly (readonly string[])[] = [['thesis.txt'], ['manifest.json'], ['a/b/thesis.txt'], ['error.txt.bak'], ['.cache2/x']];
for (const paths of FOREIGN) {
  test(`a folder with ${paths.join(', ')} is refused`, (t) => {
    const out = place(t);
    for (const path of paths) put(out, path);
    refused(out, `it holds ${JSON.stringify(paths[0])}, which synthesis did not write; name a new or empty folder`);
    assert.deepEqual(content(out), paths);
  });
}

test('what was added to an earlier synthesis is not deleted with it', (t) => {
  const out = place(t);
  writeInto(out, files('manifest.json', 'member-roles/a.json'));
  mkdirSync(join(out, 'member-roles/mine'));
  refused(out, 'it holds "member-roles/mine", which synthesis did not write; name a new or empty folder');
  assert.deepEqual(content(out), [LIST, 'manifest.json', 'member-roles/a.json']);
});

test('a list that names what lies outside deletes nothing there', (t) => {
  const parent = place(t);
  const out = join(parent, 'out');
  put(parent, 'thesis.txt');
  put(out, LIST, '["../thesis.txt", "inside.json"]');
  put(out, 'inside.json');
  writeInto(out, files('manifest.json'));
  assert.deepEqual(content(parent), [`out/${LIST}`, 'out/manifest.json', 'thesis.txt']);
});

test('a file of the name of the list that is none is not overwritten', (t) => {
  const out = place(t);
  put(out, LIST, '{"mine": true}');
  refused(out, `it holds "${LIST}", which synthesis did not write; name a new or empty folder`);
  assert.equal(readFileSync(join(out, LIST), 'utf8'), '{"mine": true}');
});

test('folders that are never for templates are refused by any path that leads to them', (t) => {
  const link = join(place(t), 'link');
  const only = 'name a folder for templates alone, such as target/synth';
  refused('/', `that is the root of the file system; ${only}`);
  refused(homedir(), `that is your home folder; ${only}`);
  symlinkSync(CHECKOUT, link);
  for (const path of [CHECKOUT, `${CHECKOUT}/infra/..`, link]) refused(path, `that is the folder of Polo itself; ${only}`);
  for (const path of ['infra/polo/cdk.out', 'infra/polo/cdk.out/inner']) {
    refused(join(CHECKOUT, path), "that is the local stack's folder; name another, such as target/synth");
  }
  refused('', 'name a folder, such as target/synth');
});

test('a file is no folder', (t) => {
  const parent = place(t);
  put(parent, 'file');
  for (const path of ['file', 'file/inner']) refused(join(parent, path), 'it cannot be used (ENOTDIR); name a folder that can be written');
  assert.deepEqual(content(parent), ['file']);
});
