// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.Component;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.single.PipelinePart;
import dev.diffusion4j.folder.single.PipelineParts;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.text.ClipTokenizer;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where the parts of a pipeline are read from, by their names in diffusers' folders. */
interface PartFiles {
    /** The class of a part; empty where it is not there. */
    Optional<String> className(String part);

    /** A network that is there; the caller owns it. */
    Model network(String part);

    /** The keys of a network's config; empty where it is not there. */
    Map<String, @Nullable Object> config(String part);

    /** A tokenizer; empty where it is not there. */
    Optional<ClipTokenizer> tokenizer(String part);

    /** A setting that stands beside the parts. */
    Optional<Object> setting(String key);

    /** What the parts are named in, for messages. */
    String place();

    /** A folder in diffusers' form. */
    static PartFiles of(PipelineFolder folder, LoadOptions options) {
        return new PartFiles() {
            @Override
            public Optional<String> className(String part) {
                return folder.components().find(part).map(Component::className);
            }

            @Override
            public Model network(String part) {
                return folder.network(part)
                        .read(Devices.parse(options.device()), options.precision(), options.variant());
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

    /** A single file; borrowed. */
    static PartFiles of(PipelineParts file, LoadOptions options) {
        return new PartFiles() {
            @Override
            public Optional<String> className(String part) {
                return file.find(part).map(found -> found.className());
            }

            @Override
            public Model network(String part) {
                return file.find(part)
                        .orElseThrow()
                        .read(options.families(), Devices.parse(options.device()), options.precision());
            }

            @Override
            public Map<String, @Nullable Object> config(String part) {
                return file.find(part).map(PipelinePart::config).orElse(Map.of());
            }

            @Override
            public Optional<ClipTokenizer> tokenizer(String part) {
                return Optional.ofNullable(file.tokenizers().get(part));
            }

            @Override
            public Optional<Object> setting(String key) {
                return Optional.ofNullable(file.settings().get(key));
            }

            @Override
            public String place() {
                return file.place().toString();
            }
        };
    }
}
