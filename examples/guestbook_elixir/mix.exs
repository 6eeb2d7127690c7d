# SPDX-License-Identifier: Apache-2.0
defmodule GuestbookElixir.MixProject do
  use Mix.Project

  def project do
    [app: :guestbook_elixir, version: "0.1.0", elixir: "~> 1.14", deps: []]
  end

  def application do
    [extra_applications: [:logger, :eex], mod: {GuestbookElixir, []}]
  end
end
