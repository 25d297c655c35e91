// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import dev.fermata.spring.FermataTaskExecutor;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Auto-configuration of the actuator endpoint {@code fermata}, where it is exposed. */
@AutoConfiguration(after = FermataAutoConfiguration.class)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnBean(FermataProperties.class)
@ConditionalOnAvailableEndpoint(FermataEndpoint.class)
public class FermataEndpointAutoConfiguration {
  @Bean
  @ConditionalOnMissingBean
  FermataEndpoint fermataEndpoint(ListableBeanFactory beans) {
    return new FermataEndpoint(beans.getBeansOfType(FermataTaskExecutor.class));
  }
}
