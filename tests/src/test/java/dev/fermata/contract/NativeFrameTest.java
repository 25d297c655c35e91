// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ChildJvm;
import dev.fermata.ContinuationContext;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A call under a native method that called back into the action. Reflection is such a method in a
 * process that is told to implement it natively, and at its first uses before Java 18.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NativeFrameTest {
  @ParameterizedTest
  @MethodSource("dev.fermata.testing.Setup#suspending")
  void theCallReturnsAndIsCountedWhereItHoldsTheOwner(Setup setup) throws Exception {
    String output =
        new ChildJvm()
            .with("-Djdk.reflect.useNativeAccessorOnly=true")
            .run(Program.class, setup.name());

    assertThat(output)
        .contains("native frame: true")
        .contains("value: of the supplier")
        .contains("pinned: " + (setup == Setup.CONTINUATION ? 1 : 0));
  }

  /** Makes the call; its argument is a {@link Setup}. */
  public static final class Program {
    private static Driver driver;

    private Program() {}

    public static void main(String[] arguments) throws Exception {
      driver = new Driver(Setup.valueOf(arguments[0]));
      driver.run(
          context -> {
            try {
              return Program.class
                  .getMethod("called", ContinuationContext.class)
                  .invoke(null, context);
            } catch (ReflectiveOperationException failed) {
              throw new AssertionError(failed);
            }
          });
      System.out.println("pinned: " + driver.bean().getPinnedCalls());
      driver.close();
    }

    public static void called(ContinuationContext context) {
      boolean isNative = false;
      for (StackTraceElement frame : new Throwable().getStackTrace()) {
        isNative |= frame.isNativeMethod() && frame.getMethodName().equals("invoke0");
      }
      System.out.println("native frame: " + isNative);
      System.out.println(
          "value: " + driver.executor().executeAsync(context, () -> "of the supplier"));
    }
  }
}
