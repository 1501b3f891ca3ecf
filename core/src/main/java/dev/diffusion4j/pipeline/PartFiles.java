// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.Component;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.folder.PartContent;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.single.OpenedParts;
import dev.diffusion4j.folder.single.PipelinePart;
import dev.diffusion4j.folder.single.SingleFile;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.WeightMemory;
import dev.diffusion4j.text.ClipTokenizer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where the parts of a pipeline are read from, by their names in diffusers' folders. */
interface PartFiles {
    /** The class of a part; empty where it is not there. */
    Optional<String> className(String part);

    /** The files of a network that is there. */
    Network network(String part);

    /** The keys of a network's config; empty where it is not there. */
    Map<String, @Nullable Object> config(String part);

    /** A tokenizer; empty where it is not there. */
    Optional<ClipTokenizer> tokenizer(String part);

    /** A setting that stands beside the parts. */
    Optional<Object> setting(String key);

    /** What the parts are named in, for messages. */
    String place();

    /**
     * The files of one network.
     *
     * @param place the folder or file that they are in
     * @param reading reads them; called as often as the network is needed
     * @param shapes makes the network without weights; {@code null} where that cannot be done
     * @param content what it is read from; {@code null} where its place alone says which one it is
     */
    record Network(
            Path place,
            String name,
            Supplier<Model> reading,
            @Nullable Supplier<Model> shapes,
            @Nullable Supplier<PartContent> content) {
        /** The network with its weights; the caller owns it. */
        Model read() {
            return reading.get();
        }

        /** The network without them; the caller owns it. */
        @Nullable
        Model outline() {
            return shapes == null ? null : WeightMemory.shapesOnly(shapes);
        }

        /** The files of a network that must be whole before anything is asked of it. */
        Network whole() {
            return new Network(place, name, reading, null, content);
        }

        static Network of(ComponentNetwork network, LoadOptions options) {
            Supplier<Model> reading =
                    () -> network.read(Devices.parse(options.device()), options.precision(), options.variant());
            Supplier<Model> shapes = () -> {
                network.check(options.variant());
                return network.create();
            };
            return new Network(
                    network.component().folder(),
                    network.component().name(),
                    reading,
                    shapes,
                    () -> network.content(options.variant()));
        }

        /** Of a single file, which is opened anew for each reading. */
        private static Network of(Path file, PipelinePart part, LoadOptions options) {
            Supplier<Model> reading = () -> {
                try (OpenedParts parts = SingleFile.open(file, options.config(), options.families())) {
                    return parts.find(part.name())
                            .orElseThrow(() -> Problem.failure(file + " has changed since it was opened"))
                            .read(options.families(), Devices.parse(options.device()), options.precision());
                }
            };
            return new Network(file, part.name(), reading, () -> part.create(options.families()), null);
        }
    }

    /** A folder in diffusers' form. */
    static PartFiles of(PipelineFolder folder, LoadOptions options) {
        return new PartFiles() {
            @Override
            public Optional<String> className(String part) {
                return folder.components().find(part).map(Component::className);
            }

            @Override
            public Network network(String part) {
                return Network.of(folder.network(part), options);
            }

            @Override
            public Map<String, @Nullable Object> config(String part) {
                return folder.components().find(part).flatMap(Component::config).orElse(Map.of());
            }

            @Override
            public Optional<ClipTokenizer> tokenizer(String part) {
                return folder.components().find(part).map(Component::readTokenizer);
            }

            @Override
            public Optional<Object> setting(String key) {
                return folder.components().setting(key);
            }

            @Override
            public String place() {
                return folder.components().file().toString();
            }
        };
    }

    /** A single file; {@code opened} may be closed once its tokenizers and settings were read. */
    static PartFiles of(OpenedParts opened, LoadOptions options) {
        return new PartFiles() {
            @Override
            public Optional<String> className(String part) {
                return opened.find(part).map(found -> found.className());
            }

            @Override
            public Network network(String part) {
                return Network.of(opened.place(), opened.find(part).orElseThrow(), options);
            }

            @Override
            public Map<String, @Nullable Object> config(String part) {
                return opened.find(part).map(PipelinePart::config).orElse(Map.of());
            }

            @Override
            public Optional<ClipTokenizer> tokenizer(String part) {
                return Optional.ofNullable(opened.tokenizers().get(part));
            }

            @Override
            public Optional<Object> setting(String key) {
                return Optional.ofNullable(opened.settings().get(key));
            }

            @Override
            public String place() {
                return opened.place().toString();
            }
        };
    }
}
