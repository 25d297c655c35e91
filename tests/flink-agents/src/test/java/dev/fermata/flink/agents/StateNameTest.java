// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import org.junit.jupiter.api.Test;

/** By what states of actions are told apart. */
class StateNameTest {
  private static final UUID EVENT = UUID.randomUUID();
  private static final StateName NAME = new StateName("key", 7, "ask", EVENT, "content");

  @Test
  void isReadAsWritten() {
    StateName written = new StateName("a_key_of_#_._parts", 7, "an_action", EVENT, "content");

    StateName read = StateName.parse(written.toString());

    assertThat(read).hasToString(written.toString());
    assertThat(read.key()).isEqualTo("a_key_of_#_._parts");
    assertThat(read.sequence()).isEqualTo(7);
    assertThat(read.isOfSameEvent(written)).isTrue();
    assertThatThrownBy(() -> StateName.parse("7_content")).hasMessageContaining("2 parts");
  }

  @Test
  void twoEventsOfOneContentAreEqualButNotTheSame() {
    StateName other = new StateName("key", 7, "ask", UUID.randomUUID(), "content");

    assertThat(NAME.isOfSameEvent(other)).isFalse();
    assertThat(NAME.isOfEqualEvent(other)).isTrue();
  }

  @Test
  void anEventOfAnotherActionOrInputIsNeither() {
    for (StateName other :
        new StateName[] {
          new StateName("other", 7, "ask", EVENT, "content"),
          new StateName("key", 8, "ask", EVENT, "content"),
          new StateName("key", 7, "answer", EVENT, "content"),
        }) {
      assertThat(NAME.isOfSameEvent(other)).isFalse();
      assertThat(NAME.isOfEqualEvent(other)).isFalse();
    }
  }
}
