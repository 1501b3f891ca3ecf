// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Moving pictures: animated GIF files that begin again for ever. */
public final class GifFile {
    private static final String FORMAT = "javax_imageio_gif_image_1.0";

    private GifFile() {}

    /**
     * Writes or replaces a file.
     *
     * @param frames at least one, all of one size; grey or RGB (256 colours are chosen for each)
     * @param delaysMs how long each is shown; a GIF counts in hundredths of a second
     */
    public static void write(Path file, List<BufferedImage> frames, int[] delaysMs) {
        Check.that(!frames.isEmpty(), "a GIF needs at least one picture");
        Check.that(
                frames.size() == delaysMs.length,
                "there are " + delaysMs.length + " delays for " + frames.size() + " pictures");
        AtomicFile.write(file, out -> encode(frames, delaysMs, out));
    }

    /** Every frame for as long, the last one longer. */
    public static void write(Path file, List<BufferedImage> frames, int delayMs, int lastDelayMs) {
        int[] delays = new int[frames.size()];
        java.util.Arrays.fill(delays, delayMs);
        delays[Math.max(0, delays.length - 1)] = lastDelayMs;
        write(file, frames, delays);
    }

    private static void encode(List<BufferedImage> frames, int[] delaysMs, OutputStream out) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
        try (ImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.prepareWriteSequence(null);
            for (int i = 0; i < frames.size(); i++) {
                BufferedImage frame = screen(frames.get(i));
                IIOMetadata metadata = writer.getDefaultImageMetadata(
                        ImageTypeSpecifier.createFromRenderedImage(frame), writer.getDefaultWriteParam());
                metadata.setFromTree(FORMAT, described(metadata, delaysMs[i]));
                writer.writeToSequence(new IIOImage(frame, null, metadata), null);
            }
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
    }

    /** Grey as RGB with the same levels, which its colour profile would change. */
    private static BufferedImage screen(BufferedImage frame) {
        if (frame.getRaster().getNumBands() != 1) {
            return frame;
        }
        BufferedImage rgb = new BufferedImage(frame.getWidth(), frame.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < frame.getHeight(); y++) {
            for (int x = 0; x < frame.getWidth(); x++) {
                rgb.setRGB(x, y, frame.getRaster().getSample(x, y, 0) * 0x010101);
            }
        }
        return rgb;
    }

    private static IIOMetadataNode described(IIOMetadata metadata, int delayMs) {
        IIOMetadataNode root = (IIOMetadataNode) metadata.getAsTree(FORMAT);
        IIOMetadataNode control = child(root, "GraphicControlExtension");
        control.setAttribute("disposalMethod", "none");
        control.setAttribute("userInputFlag", "FALSE");
        control.setAttribute("transparentColorFlag", "FALSE");
        control.setAttribute("transparentColorIndex", "0");
        control.setAttribute("delayTime", Integer.toString(Math.max(1, Math.round(delayMs / 10f))));
        IIOMetadataNode loop = new IIOMetadataNode("ApplicationExtension");
        loop.setAttribute("applicationID", "NETSCAPE");
        loop.setAttribute("authenticationCode", "2.0");
        loop.setUserObject(new byte[] {1, 0, 0}); // for ever
        child(root, "ApplicationExtensions").appendChild(loop);
        return root;
    }

    private static IIOMetadataNode child(IIOMetadataNode root, String name) {
        for (int i = 0; i < root.getLength(); i++) {
            if (root.item(i).getNodeName().equals(name)) {
                return (IIOMetadataNode) root.item(i);
            }
        }
        IIOMetadataNode made = new IIOMetadataNode(name);
        root.appendChild(made);
        return made;
    }
}
