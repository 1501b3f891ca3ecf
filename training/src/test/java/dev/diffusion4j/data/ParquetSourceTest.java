// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class ParquetSourceTest extends SourceContract {
    @TempDir
    static Path cache;

    @Override
    Dataset open() {
        return RepositorySource.onDisk(Golden.path("hub-data/plain").toString(), new SourceOptions(0, 0, cache, null));
    }

    @Override
    int expectedSize() {
        return 8;
    }
}
