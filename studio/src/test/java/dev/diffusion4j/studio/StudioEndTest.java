// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How a studio ends while somebody looks at it. */
@Timeout(60)
class StudioEndTest {
    @TempDir
    Path folder;

    @Test
    void a_studio_is_closed_while_a_page_listens_and_may_be_closed_again() throws IOException {
        Studio studio = Studio.start(StudioConfig.DEFAULT.with(c -> {
            c.port = 0;
            c.folders = List.of(folder);
        }));
        try (studio;
                InputStream events = new Visitor(studio).open("/studio/api/train/events")) {
            assertThat(new String(events.readNBytes("event: runs".length()), StandardCharsets.UTF_8))
                    .isEqualTo("event: runs");

            studio.close();

            assertThat(new String(events.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("data: ");
        }
    }
}
