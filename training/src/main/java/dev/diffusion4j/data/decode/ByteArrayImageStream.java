// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import javax.imageio.stream.ImageInputStreamImpl;

/** Bytes as a stream for ImageIO; the JDK's own copies them block by block. */
final class ByteArrayImageStream extends ImageInputStreamImpl {
    private final byte[] bytes;

    ByteArrayImageStream(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public int read() {
        bitOffset = 0;
        return streamPos < bytes.length ? bytes[(int) streamPos++] & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int offset, int count) {
        bitOffset = 0;
        int there = (int) Math.min(count, bytes.length - streamPos);
        if (there <= 0) {
            return count == 0 ? 0 : -1;
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
