// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import com.fasterxml.jackson.core.ObjectCodec;
import com.fasterxml.jackson.core.io.IOContext;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.Reader;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;

/** Jackson's YAML, which hides the anchors of scalars and gives an alias as its name: here an alias of a scalar is that scalar. */
final class AnchoredYaml extends YAMLFactory {
    private static final long serialVersionUID = 1L;

    AnchoredYaml() {
        super(YAMLFactory.builder()
                .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS));
    }

    @Override
    protected YAMLParser _createParser(Reader text, IOContext context) {
        return new Parser(context, _parserFeatures, _yamlParserFeatures, _loaderOptions, _objectCodec, text);
    }

    private static final class Parser extends YAMLParser {
        private final Map<String, ScalarEvent> scalars = new HashMap<>();

        Parser(
                IOContext context,
                int features,
                int yamlFeatures,
                LoaderOptions options,
                @Nullable ObjectCodec codec,
                Reader text) {
            super(context, features, yamlFeatures, options, codec, text);
        }

        @Override
        protected Event getEvent() throws IOException {
            Event event = super.getEvent();
            if (!(event instanceof NodeEvent node) || node.getAnchor() == null) {
                return event;
            }
            if (event instanceof ScalarEvent scalar) {
                scalars.put(node.getAnchor(), scalar);
            } else if (event instanceof AliasEvent) {
                ScalarEvent named = scalars.get(node.getAnchor());
                return named == null ? event : again(named, event);
            } else {
                scalars.remove(node.getAnchor());
            }
            return event;
        }

        private static ScalarEvent again(ScalarEvent scalar, Event at) {
            return new ScalarEvent(
                    null,
                    scalar.getTag(),
                    scalar.getImplicit(),
                    scalar.getValue(),
                    at.getStartMark(),
                    at.getEndMark(),
                    scalar.getScalarStyle());
        }
    }
}
