// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import javax.imageio.stream.ImageInputStreamImpl;

/** Bytes as a stream for ImageIO; the JDK's own copies them block by block. */
final class ByteArrayImageStream extends ImageInputStreamImpl {
    /** Some readers go on for hours at the end of a damaged file, as if zeros followed; they may try this often. */
    private static final int PATIENCE = 1000;

    private final byte[] bytes;
    private int triesAtEnd;

    ByteArrayImageStream(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public int read() throws DecodeException {
        bitOffset = 0;
        return streamPos < bytes.length ? bytes[(int) streamPos++] & 0xff : atEnd();
    }

    private int atEnd() throws DecodeException {
        if (++triesAtEnd > PATIENCE) {
            throw new DecodeException("the file is cut short");
        }
        return -1;
    }

    @Override
    public int read(byte[] into, int offset, int count) throws DecodeException {
        bitOffset = 0;
        int there = (int) Math.min(count, bytes.length - streamPos);
        if (there <= 0) {
            return count == 0 ? 0 : atEnd();
        }
        System.arraycopy(bytes, (int) streamPos, into, offset, there);
        streamPos += there;
        return there;
    }

    @Override
    public long length() {
        return bytes.length;
    }
}
