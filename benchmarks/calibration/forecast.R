# Forecasts of R's package forecast: Rscript forecast.R METHOD FILE
#
# FILE has one series a line, log levels separated by blanks. For each one line goes to the standard output, fields
# separated by tabs: seconds, what went wrong (empty: nothing), and 15 numbers: mean, lower and upper 95 % limit, five
# steps each.

suppressPackageStartupMessages(library(forecast))

ahead <- 5
methods <- list(
  thetaf = function(y) thetaf(y, h = ahead, level = 95),
  ets = function(y) forecast(ets(y, additive.only = TRUE), h = ahead, level = 95),
  auto.arima = function(y) forecast(auto.arima(y), h = ahead, level = 95)
)

answer <- function(method, y) {
  started <- proc.time()[["elapsed"]]
  made <- tryCatch(method(y), error = function(e) gsub("[\t\n]", " ", conditionMessage(e)))
  seconds <- proc.time()[["elapsed"]] - started
  if (is.character(made)) return(paste(seconds, made, sep = "\t"))
  numbers <- c(made$mean, made$lower, made$upper)
  paste(c(seconds, "", format(numbers, digits = 15, trim = TRUE)), collapse = "\t")
}

given <- commandArgs(trailingOnly = TRUE)
for (line in readLines(given[2])) {
  y <- ts(scan(text = line, quiet = TRUE))
  cat(suppressWarnings(answer(methods[[given[1]]], y)), "\n", sep = "")
  flush(stdout())
}
