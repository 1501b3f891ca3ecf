// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private static final int COLOURS = 256;
    private static final String FORMAT = "javax_imageio_gif_image_1.0";

    private GifFile() {}

    /**
     * Writes or replaces a file.
     *
     * @param frames at least one, all of one size; grey, or RGB, of which 256 colours are chosen for each frame
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
        Arrays.fill(delays, delayMs);
        delays[Math.max(0, delays.length - 1)] = lastDelayMs;
        write(file, frames, delays);
    }

    private static void encode(List<BufferedImage> frames, int[] delaysMs, OutputStream out) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
        try (ImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.prepareWriteSequence(null);
            for (int i = 0; i < frames.size(); i++) {
                BufferedImage frame = indexed(frames.get(i));
                IIOMetadata metadata = writer.getDefaultImageMetadata(
                        new ImageTypeSpecifier(frame.getColorModel(), frame.getSampleModel()),
                        writer.getDefaultWriteParam());
                metadata.setFromTree(FORMAT, described(metadata, delaysMs[i]));
                writer.writeToSequence(new IIOImage(frame, null, metadata), null);
            }
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
    }

    /** With a palette of its own colours where there are at most 256, grey always; else as it is, and the writer chooses. */
    private static BufferedImage indexed(BufferedImage frame) {
        boolean grey = frame.getRaster().getNumBands() == 1;
        Map<Integer, Integer> palette = new LinkedHashMap<>();
        int[] indexes = new int[frame.getWidth() * frame.getHeight()];
        for (int i = 0; i < indexes.length; i++) {
            int x = i % frame.getWidth();
            int y = i / frame.getWidth();
            int rgb = grey ? frame.getRaster().getSample(x, y, 0) * 0x010101 : frame.getRGB(x, y) & 0xffffff;
            Integer known = palette.putIfAbsent(rgb, palette.size());
            indexes[i] = known == null ? palette.size() - 1 : known;
            if (palette.size() > COLOURS) {
                return frame;
            }
        }
        int[] colours = Arrays.copyOf(
                palette.keySet().stream().mapToInt(Integer::intValue).toArray(), COLOURS);
        IndexColorModel model = new IndexColorModel(8, COLOURS, colours, 0, false, -1, DataBuffer.TYPE_BYTE);
        BufferedImage result =
                new BufferedImage(frame.getWidth(), frame.getHeight(), BufferedImage.TYPE_BYTE_INDEXED, model);
        result.getRaster().setSamples(0, 0, frame.getWidth(), frame.getHeight(), 0, indexes);
        return result;
    }

    private static IIOMetadataNode described(IIOMetadata metadata, int delayMs) {
        IIOMetadataNode root = (IIOMetadataNode) metadata.getAsTree(FORMAT);
        child(root, "ImageDescriptor").setAttribute("interlaceFlag", "FALSE");
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
