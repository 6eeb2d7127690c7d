# SPDX-License-Identifier: Apache-2.0
defmodule HelloElixir do
  @moduledoc "Prints what the guest is from a supervised task, and powers it off."
  use Application

  @impl true
  def start(_type, _arguments) do
    Supervisor.start_link([{Task, &greet/0}], strategy: :one_for_one)
  end

  defp greet do
    IO.puts("Hello from Elixir #{System.version()} on OTP #{System.otp_release()}")
    stop_when_started()
  end

  # A system that is told to stop while it starts may do neither.
  defp stop_when_started do
    case :init.get_status() do
      {:started, _} ->
        System.stop(0)

      _ ->
        Process.sleep(10)
        stop_when_started()
    end
  end
end
