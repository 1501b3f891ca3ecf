// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.decode.vp8.Vp8Decoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** WebP with the pixels of libwebp: of an animation the first picture on its canvas, which is black where it does not reach. */
final class WebpReader {
    private WebpReader() {}

    static PixelImage read(byte[] file) throws IOException {
        WebpFile parts = new WebpFile(file);
        PixelImage picture = parts.isLossless
                ? Pixels.of(ImageDecoder.read(new WebPImageReaderSpi().createReaderInstance(null), alone(file, parts)))
                : Vp8Decoder.decode(file, parts.start, parts.length);
        return UprightPixels.of(onCanvas(picture, parts), parts.exif.orientation());
    }

    /** A file that holds nothing but the picture: a reader that knows colour profiles would apply one. */
    private static byte[] alone(byte[] file, WebpFile parts) {
        int padded = parts.length + (parts.length & 1);
        return ByteBuffer.allocate(20 + padded)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes(StandardCharsets.US_ASCII))
                .putInt(12 + padded)
                .put("WEBPVP8L".getBytes(StandardCharsets.US_ASCII))
                .putInt(parts.length)
                .put(file, parts.start, parts.length)
                .array();
    }

    private static PixelImage onCanvas(PixelImage picture, WebpFile parts) throws DecodeException {
        boolean isAll = parts.width == 0 || picture.width() == parts.width && picture.height() == parts.height;
        if (isAll) {
            return picture;
        }
        PixelLimits.check(parts.width, parts.height);
        if (parts.left + picture.width() > parts.width || parts.top + picture.height() > parts.height) {
            throw new DecodeException("the file is damaged: its first picture reaches beyond the canvas");
        }
        int channels = picture.channels();
        byte[] canvas = new byte[parts.width * parts.height * channels];
        for (int y = 0; y < picture.height(); y++) {
            int to = ((parts.top + y) * parts.width + parts.left) * channels;
            int row = picture.width() * channels;
            System.arraycopy(picture.pixels(), y * row, canvas, to, row);
        }
        return new PixelImage(parts.width, parts.height, channels, canvas);
    }
}
