/** The architecture: what Lambda could not start is not deployed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Architecture, rejectOtherArchitecture } from '../lib/inputs/architecture.ts';
import { elf } from './support/elf.ts';
import { failsWith } from './support/failure.ts';

const folder = mkdtempSync(join(tmpdir(), 'polo-elf-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function bootstrap(content: Buffer | string): string {
  const path = join(folder, 'bootstrap');
  writeFileSync(path, content);
  return path;
}

test('a binary for the architecture is taken', () => {
  for (const machine of ['x86_64', 'arm64'] as const) rejectOtherArchitecture(bootstrap(elf(machine)), machine);
});

const OTHER: readonly [built: Architecture, wanted: Architecture, build: string][] = [
  ['x86_64', 'arm64', 'make build ARCH=arm64'],
  ['arm64', 'x86_64', 'make build'],
];
for (const [built, wanted, build] of OTHER) {
  test(`one for ${built} is refused where ${wanted} is set`, () => {
    const path = bootstrap(elf(built));
    failsWith(() => rejectOtherArchitecture(path, wanted), `${path} is built for ${built} and architecture is ${wanted}: build with ${build}, or set "architecture" to "${built}"`);
  });
}

const bigEndian = elf('x86_64');
bigEndian[5] = 2;
const of32Bits = elf('x86_64');
of32Bits[4] = 1;
const NO_PROGRAM: Record<string, Buffer | string> = {
  'an empty file': '',
  'a script': '#!/bin/sh\necho no function here\n',
  'the beginning of a program': elf('x86_64').subarray(0, 18),
  'a program for another machine': elf('riscv'),
  'one of 32 bits': of32Bits,
  'one in the other byte order': bigEndian,
};
for (const [what, content] of Object.entries(NO_PROGRAM)) {
  test(`${what} is refused`, () => {
    const path = bootstrap(content);
    failsWith(() => rejectOtherArchitecture(path, 'x86_64'), `${path} is no program for Linux on x86_64 or arm64: build it with make build`);
  });
}
