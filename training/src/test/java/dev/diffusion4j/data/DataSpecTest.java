// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.json.Records;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataSpecTest {
    @ParameterizedTest
    @CsvSource({
        "digits, DIGITS, '', TRAIN",
        "digits:test, DIGITS, '', TEST",
        "fashion-mnist:all, FASHION_MNIST, '', ALL",
        "idx:some/folder, IDX, some/folder, TRAIN",
        "idx:C:\\data:test, IDX, C:\\data, TEST",
        "folder:/a:b, FOLDER, /a:b, TRAIN"
    })
    void a_spec_names_kind_folder_and_part(String text, DataSourceKind kind, String folder, Split split) {
        assertThat(DataSpec.parse(text)).isEqualTo(new DataSpec(kind, folder, split));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "digit|unknown data source 'digit' (did you mean 'digits'?); choose one of digits[:test|:all], shapes",
                "mnist:tset|unknown part 'tset' of mnist (did you mean 'test'?)",
                "folder|the data source folder needs a folder: folder:PATH",
                "idx:test|the data source idx needs a folder: idx:FOLDER",
                "/home/me/pictures|choose one of"
            })
    void a_wrong_spec_is_answered_with_the_choices(String text, String message) {
        assertThatThrownBy(() -> DataSources.open(text))
                .isInstanceOfSatisfying(Problem.class, e -> assertThat(e.kind()).isEqualTo(Problem.Kind.REQUEST))
                .hasMessageContaining(message);
    }

    @Test
    void a_config_is_bound_by_its_keys_and_checked() {
        DataConfig config = Records.bind(
                DataConfig.DEFAULT,
                Map.of(
                        "source",
                        "shapes",
                        "image_size",
                        32L,
                        "channels",
                        "grey",
                        "resize",
                        "random_crop",
                        "on_broken",
                        "fail"),
                "data");
        assertThat(config.imageSize()).isEqualTo(32);
        assertThat(config.resize()).isEqualTo(ResizeMode.RANDOM_CROP);
        assertThat(Records.bind(DataConfig.DEFAULT, Records.toMap(config), "data"))
                .isEqualTo(config);
        assertThatThrownBy(() -> Records.bind(DataConfig.DEFAULT, Map.of("imagesize", 32L), "data"))
                .hasMessageContaining("did you mean 'image_size'?");
        assertThatThrownBy(() -> Records.bind(DataConfig.DEFAULT, Map.of("repeat", 0L), "data"))
                .hasMessage("data: repeat must be > 0, but was 0");
    }
}
