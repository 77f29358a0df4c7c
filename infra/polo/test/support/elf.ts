/** The beginning of a program for Linux, as far as the app looks at it: ELF, 64 bits, little endian, and the machine. */
export const MACHINES = { x86_64: 62, arm64: 183, riscv: 243 } as const;

export function elf(machine: keyof typeof MACHINES, content = ''): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header[4] = 2;
  header[5] = 1;
  header.writeUInt16LE(MACHINES[machine], 18);
  return Buffer.concat([header, Buffer.from(content)]);
}
