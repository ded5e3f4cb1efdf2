/**
 * Decodes the first value of MessagePack, as far as a tracer needs it: maps, arrays, texts, numbers, booleans and nil.
 * Integers of 64 bits are decimal texts, since ids of spans exceed what a number holds.
 */
export function decodeMsgpack(bytes: Buffer): unknown {
  let at = 0;
  const take = (length: number): Buffer => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const unsigned = (length: number): number => take(length).readUIntBE(0, length);
  const text = (length: number): string => take(length).toString('utf8');
  const list = (length: number): unknown[] => Array.from({ length }, () => read());
  const map = (length: number): Record<string, unknown> =>
    Object.fromEntries(Array.from({ length }, () => [String(read()), read()]));
  const byType: Readonly<Record<number, () => unknown>> = {
    192: () => null,
    194: () => false,
    195: () => true,
    196: () => take(unsigned(1)),
    197: () => take(unsigned(2)),
    198: () => take(unsigned(4)),
    202: () => take(4).readFloatBE(0),
    203: () => take(8).readDoubleBE(0),
    204: () => unsigned(1),
    205: () => unsigned(2),
    206: () => unsigned(4),
    207: () => String(take(8).readBigUInt64BE(0)),
    208: () => take(1).readInt8(0),
    209: () => take(2).readInt16BE(0),
    210: () => take(4).readInt32BE(0),
    211: () => String(take(8).readBigInt64BE(0)),
    217: () => text(unsigned(1)),
    218: () => text(unsigned(2)),
    219: () => text(unsigned(4)),
    220: () => list(unsigned(2)),
    221: () => list(unsigned(4)),
    222: () => map(unsigned(2)),
    223: () => map(unsigned(4)),
  };
  const read = (): unknown => {
    const type = unsigned(1);
    if (type < 128) return type;
    if (type < 144) return map(type - 128);
    if (type < 160) return list(type - 144);
    if (type < 192) return text(type - 160);
    if (type >= 224) return type - 256;
    const decode = byType[type];
    if (decode === undefined) throw new Error(`got type ${type}, expected one of MessagePack`);
    return decode();
  };
  return read();
}
