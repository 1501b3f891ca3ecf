// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.NotesForOthers;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.ServiceRequest;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Pictures that came with requests, drawn anew as PNG in a folder of the server's own, under names of its own, while a job needs them. */
final class Uploads implements AutoCloseable {
    private final Path folder;
    private final Pattern files;

    /** @throws Problem (a failure) where there is no room for temporary files */
    Uploads() {
        try {
            folder = Files.createTempDirectory("diffusion4j-serve");
            files = Pattern.compile(
                    Pattern.quote(folder + folder.getFileSystem().getSeparator()) + "[\\w-]+\\.png");
        } catch (IOException e) {
            throw Problem.failure("cannot make a temporary folder: " + AtomicFile.reason(e), e);
        }
    }

    /** Those of one request. */
    final class Batch implements AutoCloseable {
        private final List<Path> files = new ArrayList<>();
        private int holders = 1;

        /** This one, closed when so many have closed it. */
        synchronized Batch heldBy(int count) {
            holders = count;
            return this;
        }

        /** Returns its file. */
        String add(BufferedImage picture) {
            Path file = folder.resolve(UUID.randomUUID() + ".png");
            files.add(file);
            PngFile.write(file, picture);
            return file.toString();
        }

        /**
         * Notes of a picture that say nothing of where this server has its files.
         *
         * @param request that it was drawn for, which calls the model by the name that it is served by
         */
        Map<String, String> hidden(FinishedPicture picture, ServiceRequest request) {
            Map<String, String> own = NotesForOthers.of(picture.notes(), Objects.requireNonNull(request.model()));
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                own.replaceAll((key, text) -> text.replace(name, "sent.png"));
            }
            return own;
        }

        /** {@link Uploads#answer(Throwable)}. */
        ErrorAnswer answer(Throwable error) {
            return Uploads.this.answer(error);
        }

        /** Deletes them, when the last who needs them closes it. */
        @Override
        public synchronized void close() {
            holders--;
            if (holders <= 0) {
                files.forEach(Uploads::delete);
            }
        }
    }

    /** What a caller is answered where something went wrong, without the places of these files. */
    ErrorAnswer answer(Throwable error) {
        ErrorAnswer answer = ErrorAnswer.of(error);
        return new ErrorAnswer(
                answer.status(), files.matcher(answer.message()).replaceAll("sent.png"), answer.code(), answer.param());
    }

    Batch batch() {
        return new Batch();
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // goes with the folder, or with the machine's other temporary files
        }
    }

    @Override
    public void close() {
        try (Stream<Path> left = Files.list(folder)) {
            left.forEach(Uploads::delete);
        } catch (IOException e) {
            return;
        }
        delete(folder);
    }
}
