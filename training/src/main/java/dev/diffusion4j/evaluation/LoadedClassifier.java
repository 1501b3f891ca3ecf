// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.pipeline.PipelineFolder;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A classifier with what says which it is.
 *
 * @param network on the CPU in f32; owned
 * @param weightsHash SHA-256 of its weights' file
 */
public record LoadedClassifier(Classifier network, String weightsHash) implements AutoCloseable {

    /**
     * Reads a model folder, or the folder of a run.
     *
     * @throws UserError (exit code 1) where it holds no classifier
     */
    public static LoadedClassifier open(Path folder) {
        Path model = ModelFolders.modelOf(folder);
        PipelineFolder files = PipelineFolder.open(model);
        try {
            StringBuilder hashes = new StringBuilder();
            for (Path file : WeightFiles.files(files.modelFolder())) {
                hashes.append(Hashes.sha256(file));
            }
            String hash = hashes.length() == 64 ? hashes.toString() : Hashes.sha256(hashes.toString());
            Model read = files.readModel(Devices.cpu(), Precision.F32, null);
            if (read instanceof Classifier network) {
                return new LoadedClassifier(network, hash);
            }
            read.close();
            throw UserError.failure(
                    folder + " holds a " + read.modelClass().name() + ", but a classifier is needed here");
        } catch (IOException e) {
            throw UserError.failure("cannot read " + files.modelFolder() + ": " + AtomicFile.reason(e), e);
        }
    }

    @Override
    public void close() {
        network.close();
    }
}
