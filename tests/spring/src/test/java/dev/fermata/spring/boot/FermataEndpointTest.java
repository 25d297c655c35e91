// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.FermataInfo;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import dev.fermata.spring.FermataTaskExecutor;
import dev.fermata.spring.TaskMode;
import dev.fermata.spring.boot.FermataEndpoint.ExecutorDescriptor;
import dev.fermata.spring.boot.FermataEndpoint.FermataDescriptor;
import dev.fermata.spring.boot.FermataEndpoint.LimitsDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** What the actuator endpoint tells. */
class FermataEndpointTest {
  private final ApplicationContextRunner boot =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  FermataAutoConfiguration.class,
                  FermataEndpointAutoConfiguration.class,
                  TaskExecutionAutoConfiguration.class))
          .withPropertyValues("spring.fermata.executors.reports.concurrency=3");
  private final ApplicationContextRunner exposed =
      boot.withPropertyValues("management.endpoints.web.exposure.include=fermata");

  @Test
  void describesEveryExecutor() {
    exposed.run(
        context -> {
          FermataDescriptor all = context.getBean(FermataEndpoint.class).fermata(null);
          FermataTaskExecutor reports = context.getBean("reports", FermataTaskExecutor.class);

          assertThat(all.version()).isEqualTo(FermataInfo.current().version());
          assertThat(all.nativeLibrary().version()).isEqualTo(all.version());
          assertThat(all.nativeLibrary().failure()).isNull();
          assertThat(all.executors()).containsOnlyKeys("applicationTaskExecutor", "reports");
          assertThat(all.executors().get("reports"))
              .isEqualTo(
                  new ExecutorDescriptor(
                      reports.strategy(),
                      FermataInfo.current().reason(OwnerKind.THREADED_LOOP),
                      TaskMode.CALL,
                      new LimitsDescriptor(3, 65_536, 10_000, reports.getLoops()),
                      0,
                      0,
                      0,
                      0,
                      0,
                      List.of()));
        });
  }

  @Test
  void listsSomeOfTheSuspendedActions() {
    exposed.run(
        context -> {
          FermataEndpoint endpoint = context.getBean(FermataEndpoint.class);
          FermataTaskExecutor reports = context.getBean("reports", FermataTaskExecutor.class);
          assertThat(reports.strategy()).isNotEqualTo(Strategy.INLINE);
          CountDownLatch go = new CountDownLatch(1);
          List<Future<?>> actions = new ArrayList<>();
          for (int i = 0; i < 3; i++) {
            actions.add(
                reports.submitAction(
                    () ->
                        reports
                            .submit(
                                () -> {
                                  go.await();
                                  return null;
                                })
                            .get()));
          }
          while (endpoint.executor("reports", null).suspended() < 3) {
            Thread.onSpinWait();
          }

          ExecutorDescriptor described = endpoint.executor("reports", 2);
          assertThat(described.suspendedActions())
              .hasSize(2)
              .allSatisfy(action -> assertThat(action.waitsFor()).isNotBlank())
              .allSatisfy(action -> assertThat(action.ageMillis()).isNotNegative());
          assertThat(endpoint.executor("reports", 0).suspendedActions()).isEmpty();
          assertThat(endpoint.executor("reports", null).suspendedActions()).hasSize(3);
          assertThat(described.inFlightCalls()).isPositive();
          assertThat(described.active()).isPositive();

          go.countDown();
          for (Future<?> action : actions) {
            action.get();
          }
        });
  }

  @Test
  void refusesWhatItCannotAnswer() {
    exposed.run(
        context -> {
          FermataEndpoint endpoint = context.getBean(FermataEndpoint.class);
          assertThat(endpoint.executor("none", null)).isNull();
          assertThatThrownBy(() -> endpoint.fermata(-1))
              .isInstanceOf(InvalidEndpointRequestException.class);
          assertThatThrownBy(() -> endpoint.executor("reports", 1001))
              .isInstanceOf(InvalidEndpointRequestException.class);
        });
  }

  @Test
  void isThereOnlyWhereItIsExposed() {
    boot.run(context -> assertThat(context).doesNotHaveBean("fermataEndpoint"));
    exposed
        .withPropertyValues("spring.fermata.enabled=false")
        .run(context -> assertThat(context).doesNotHaveBean("fermataEndpoint"));
  }
}
