/**
 * What a built function runs on: read from the header of its binary, so that Lambda is never given one that it cannot start.
 * Invariant: a file that is not surely built for the architecture is one SettingError.
 * https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { SettingError } from '../settings/setting-error.ts';

export const ARCHITECTURES = ['x86_64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** ELF's e_machine. */
const MACHINES: Readonly<Record<number, Architecture>> = { 62: 'x86_64', 183: 'arm64' };
const MAGIC = '\x7fELF';
const BITS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEADER_BYTES = 20;

const BUILD: Readonly<Record<Architecture, string>> = { x86_64: 'make build', arm64: 'make build ARCH=arm64' };

/** Fails unless `bootstrap` is a program for Linux on `wanted`. */
export function rejectOtherArchitecture(bootstrap: string, wanted: Architecture): void {
  const header = headerOf(bootstrap);
  const isElf = header.toString('latin1', 0, 4) === MAGIC && header[4] === BITS_64 && header[5] === LITTLE_ENDIAN;
  const built = isElf ? MACHINES[header.readUInt16LE(18)] : undefined;
  if (built === undefined) throw new SettingError(`${bootstrap} is no program for Linux on ${ARCHITECTURES.join(' or ')}: build it with ${BUILD[wanted]}`);
  if (built !== wanted) {
    throw new SettingError(`${bootstrap} is built for ${built} and architecture is ${wanted}: build with ${BUILD[wanted]}, or set "architecture" to "${built}"`);
  }
}

/** Padded with zeros where the file is shorter. */
function headerOf(path: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  return header;
}
