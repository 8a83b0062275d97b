import type { Readable, Writable } from 'node:stream';

/** Larger frames are a broken or hostile peer. */
const maxFrameBytes = 64 * 1024 * 1024;
const headerBytes = 4;

/** Writes one frame: four bytes of length (big endian), then JSON in UTF-8. */
export function writeFrame(stream: Writable, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(body.length);
  stream.write(Buffer.concat([header, body]));
}

/** Hands over each frame's JSON as it becomes complete. Throws inside the stream's handler on a frame that is too large or not JSON. */
export function readFrames(stream: Readable, onFrame: (frame: unknown) => void): void {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = headerBytes;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    held += chunk.length;
    if (held < wanted) return;
    const rest = takeFrames(Buffer.concat(chunks), onFrame);
    chunks = [rest.bytes];
    held = rest.bytes.length;
    wanted = rest.wanted;
  });
}

function takeFrames(bytes: Buffer, onFrame: (frame: unknown) => void): { bytes: Buffer; wanted: number } {
  let at = 0;
  while (bytes.length - at >= headerBytes) {
    const length = bytes.readUInt32BE(at);
    if (length > maxFrameBytes) throw new Error(`a frame of ${length} bytes; at most ${maxFrameBytes} are allowed`);
    const end = at + headerBytes + length;
    if (bytes.length < end) return { bytes: bytes.subarray(at), wanted: headerBytes + length };
    onFrame(JSON.parse(bytes.toString('utf8', at + headerBytes, end)));
    at = end;
  }
  return { bytes: bytes.subarray(at), wanted: headerBytes };
}
