// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.AutowireCandidateQualifier;
import org.springframework.context.ApplicationContext;
import org.springframework.core.env.MapPropertySource;

/** Which executor an action runs on: as {@code @Async} chooses. */
class ActionChoiceTest extends OnFermata {
  static class Base {
    public String inherited() {
      return threadName();
    }
  }

  @Action("mail")
  static class Mail extends Base {}

  @Action("orders")
  static class Orders extends Base {}

  /** Each method returns the name of its thread. */
  static class Expressions {
    @Action("${mail.executor}")
    public String placeholder() {
      return threadName();
    }

    @Action("#{'ma' + 'il'}")
    public String expression() {
      return threadName();
    }

    @Action("letters")
    public String qualifier() {
      return threadName();
    }
  }

  @Test
  void aClassSpeaksForTheMethodsThatItInherits() {
    ApplicationContext context = withSeveral();

    assertThat(context.getBean(Mail.class).inherited()).startsWith("mail-");
    assertThat(context.getBean(Orders.class).inherited()).startsWith("orders-");
  }

  @Test
  void aNameMayBeAPlaceholderOrAnExpression() {
    Expressions actions = withSeveral().getBean(Expressions.class);

    assertThat(actions.placeholder()).startsWith("mail-");
    assertThat(actions.expression()).startsWith("mail-");
  }

  @Test
  void aNameMayBeAQualifier() {
    assertThat(withSeveral().getBean(Expressions.class).qualifier()).startsWith("post-");
  }

  private ApplicationContext withSeveral() {
    return context(
        beans -> {
          executor(beans, "mail");
          executor(beans, "orders");
          executor(beans, "taskExecutor");
          executor(
              beans,
              "post",
              definition ->
                  ((AbstractBeanDefinition) definition)
                      .addQualifier(new AutowireCandidateQualifier(Qualifier.class, "letters")));
          beans
              .getEnvironment()
              .getPropertySources()
              .addFirst(new MapPropertySource("test", Map.of("mail.executor", "mail")));
          beans.registerBean(Mail.class);
          beans.registerBean(Orders.class);
          beans.registerBean(Expressions.class);
        });
  }

  private static String threadName() {
    return Thread.currentThread().getName();
  }
}
