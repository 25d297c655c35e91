// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.AutowireCandidateQualifier;
import org.springframework.context.ApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.AsyncConfigurer;
import org.springframework.scheduling.concurrent.ExecutorConfigurationSupport;

/** Which executor a method runs on. */
class AsyncBehaviourChoiceTest extends AsyncBehaviour {
  /** Each method returns the name of its thread. */
  static class Calls {
    @Async
    public CompletableFuture<String> byDefault() {
      return onThread();
    }

    @Async("mail")
    public CompletableFuture<String> byQualifier() {
      return onThread();
    }

    @Async("${mail.executor}")
    public CompletableFuture<String> byPlaceholder() {
      return onThread();
    }

    @Mail
    public CompletableFuture<String> byComposedAnnotation() {
      return onThread();
    }
  }

  @Async("mail")
  static class MailCalls {
    public CompletableFuture<String> byClass() {
      return onThread();
    }

    @Async("orders")
    public CompletableFuture<String> byMethod() {
      return onThread();
    }

    @Async
    public CompletableFuture<String> byDefault() {
      return onThread();
    }
  }

  @Async("mail")
  @Retention(RetentionPolicy.RUNTIME)
  @interface Mail {}

  @Test
  void withoutAQualifierItIsTheOnlyOne() throws Exception {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "mail");
              beans.registerBean(Calls.class);
            });

    assertThat(Waiting.get(calls(context).byDefault())).startsWith("mail-");
  }

  @Test
  void ofSeveralItIsTheOneNamedTaskExecutor() throws Exception {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "mail");
              executor(beans, "taskExecutor");
              executor(beans, "orders");
              beans.registerBean(Calls.class);
            });

    assertThat(Waiting.get(calls(context).byDefault())).startsWith("taskExecutor-");
  }

  @Test
  void ofSeveralItIsThePrimaryOne() throws Exception {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "mail");
              executor(beans, "taskExecutor");
              executor(beans, "orders", definition -> definition.setPrimary(true));
              beans.registerBean(Calls.class);
            });

    assertThat(Waiting.get(calls(context).byDefault())).startsWith("orders-");
  }

  @Test
  void ofSeveralWithoutADefaultItIsNone() throws Exception {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "mail");
              executor(beans, "orders");
              beans.registerBean(Calls.class);
            });

    assertThat(Waiting.get(calls(context).byDefault())).startsWith("SimpleAsyncTaskExecutor-");
  }

  @Test
  void withoutAnExecutorItIsAThreadForEachCall() throws Exception {
    ApplicationContext context = context(beans -> beans.registerBean(Calls.class));

    assertThat(Waiting.get(calls(context).byDefault())).startsWith("SimpleAsyncTaskExecutor-");
  }

  @Test
  void aQualifierIsTheNameOfABean() throws Exception {
    ApplicationContext context = withMailAndDefault();

    assertThat(Waiting.get(calls(context).byQualifier())).startsWith("mail-");
    assertThat(Waiting.get(calls(context).byComposedAnnotation())).startsWith("mail-");
    assertThat(Waiting.get(calls(context).byDefault())).startsWith("taskExecutor-");
  }

  @Test
  void aQualifierIsThatOfABeanDefinition() throws Exception {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "taskExecutor");
              executor(
                  beans,
                  "pool",
                  definition ->
                      ((AbstractBeanDefinition) definition)
                          .addQualifier(new AutowireCandidateQualifier(Qualifier.class, "mail")));
              beans.registerBean(Calls.class);
            });

    assertThat(Waiting.get(calls(context).byQualifier())).startsWith("pool-");
  }

  @Test
  void aQualifierMayBeAPlaceholder() throws Exception {
    assertThat(Waiting.get(calls(withMailAndDefault()).byPlaceholder())).startsWith("mail-");
  }

  @Test
  void anUnknownQualifierIsAnErrorThatNamesIt() {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "taskExecutor");
              beans.registerBean(Calls.class);
            });

    assertThatThrownBy(() -> calls(context).byQualifier())
        .isInstanceOf(NoSuchBeanDefinitionException.class)
        .hasMessageContaining("Executor")
        .hasMessageContaining("'mail'");
  }

  @Test
  void theQualifierOfAMethodComesBeforeThatOfItsClass() throws Exception {
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "mail");
              executor(beans, "orders");
              executor(beans, "taskExecutor");
              beans.registerBean(MailCalls.class);
            });
    MailCalls calls = context.getBean(MailCalls.class);

    assertThat(Waiting.get(calls.byClass())).startsWith("mail-");
    assertThat(Waiting.get(calls.byMethod())).startsWith("orders-");
    assertThat(Waiting.get(calls.byDefault())).startsWith("taskExecutor-");
  }

  @Test
  void aConfigurerNamesTheDefault() throws Exception {
    ExecutorConfigurationSupport own = kind.executor(THREADS, QUEUE, null);
    own.setThreadNamePrefix("configured-");
    Executor executor = opened(own);
    ApplicationContext context =
        context(
            beans -> {
              executor(beans, "mail");
              executor(beans, "taskExecutor");
              beans.registerBean(
                  AsyncConfigurer.class,
                  () ->
                      new AsyncConfigurer() {
                        @Override
                        public Executor getAsyncExecutor() {
                          return executor;
                        }
                      });
              beans.registerBean(Calls.class);
            });

    assertThat(Waiting.get(calls(context).byDefault())).startsWith("configured-");
    assertThat(Waiting.get(calls(context).byQualifier())).startsWith("mail-");
  }

  private ApplicationContext withMailAndDefault() {
    return context(
        beans -> {
          executor(beans, "mail");
          executor(beans, "taskExecutor");
          beans
              .getEnvironment()
              .getPropertySources()
              .addFirst(new MapPropertySource("test", Map.of("mail.executor", "mail")));
          beans.registerBean(Calls.class);
        });
  }

  private static Calls calls(ApplicationContext context) {
    return context.getBean(Calls.class);
  }

  private static CompletableFuture<String> onThread() {
    return CompletableFuture.completedFuture(Thread.currentThread().getName());
  }
}
