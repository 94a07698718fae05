"""The processes of a service: where they listen, what each of them runs, and who starts those that have died anew."""
