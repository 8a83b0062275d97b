/** A system call as a filter sees it. */
export interface Call {
  readonly number: number;
  readonly audit: number;
  readonly args?: readonly number[];
}

/** Runs a filter as the kernel would: over the bytes of its `struct seccomp_data`. */
export function runFilter(filter: Buffer, { number, audit, args = [] }: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number >>> 0, 0);
  data.writeUInt32LE(audit, 4);
  for (const [index, value] of args.entries()) data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 16 + 8 * index);
  let held = 0;
  for (let at = 0; at < filter.length / 8; at += 1) {
    const [code, constant] = [filter.readUInt16LE(at * 8), filter.readUInt32LE(at * 8 + 4)];
    const [jumpTrue, jumpFalse] = [filter.readUInt8(at * 8 + 2), filter.readUInt8(at * 8 + 3)];
    if (code === 0x06) return constant;
    if (code === 0x20) held = data.readUInt32LE(constant);
    else if (code === 0x54) held = (held & constant) >>> 0;
    else at += (code === 0x15 ? held === constant : held >= constant) ? jumpTrue : jumpFalse;
  }
  throw new Error('the filter ends without an answer');
}
